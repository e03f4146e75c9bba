"""Which cluster is asked, and with which account, as kubectl's flags and kubeconfig say it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from bayplan.model.spelling import unknown
from bayplan_operator.cli.options.cluster import ClusterOptions
from bayplan_operator.kube import configuration
from bayplan_operator.kube.errors import ApiError

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_USUAL = "~/.kube/config"
_CHOSEN = "bayplan: the context of the flags"
"""Added to what was read, for this run only, where flags change the context."""
_UNREADABLE = (config.ConfigException, OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
"""What the official client raises of a kubeconfig that it cannot make sense of."""


class NoCluster(ApiError):
    """Nothing says where a cluster is, or not what was asked for; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and what is sent with each."""

    configuration: client.Configuration
    namespace: str
    """Of the context, or of the pod that this runs in."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Names and values of headers."""


def target(options: ClusterOptions, advice: str = "") -> Target:
    """The service account's where nothing is named, else the kubeconfig's; `advice`: how to name one. Raises `NoCluster`."""
    with _told(advice):
        if not options.named and _IN_CLUSTER.is_file():
            found = Target(configuration.load(), _IN_CLUSTER.read_text().strip(), _impersonation(options, {}))
        else:
            found = _of_kubeconfig(options)
        configuration.tls(found.configuration)  # certificates that cannot be read are told here
        return found


def entries(kubeconfig: Path | None, kind: str) -> list[str]:
    """The names of its `contexts`, `clusters` or `users`. Raises `NoCluster`."""
    with _told(""):
        return _names(_merged(kubeconfig)[0], kind)


def _of_kubeconfig(options: ClusterOptions) -> Target:
    merged, merger = _merged(options.kubeconfig)
    flags = {"context": options.context, "cluster": options.cluster, "user": options.user}
    for noun, name in flags.items():
        if name is not None:
            _check(f"--{noun}", name, _names(merged, f"{noun}s"))
    chosen = _context(merged, options.context or _current_context(merger))
    chosen |= {noun: name for noun, name in flags.items() if name is not None and noun != "context"}
    if not chosen.get("cluster"):
        raise NoCluster("the kubeconfig has no current context: name one with --context")
    for noun in ("cluster", "user"):
        if chosen.get(noun):
            _check(f"the {noun} of the kubeconfig's context", chosen[noun], _names(merged, f"{noun}s"))
    # The official client merges the files, and keeps the path of each entry for the files that it names.
    merged["contexts"].append({"name": _CHOSEN, "context": chosen})
    made = client.Configuration()
    loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
        merger.config, active_context=_CHOSEN, config_base_path=None, config_persister=merger.save_changes
    )
    loader.load_and_set(made)  # type: ignore[no-untyped-call]
    user = next((each["user"] for each in merged["users"] if each["name"] == chosen.get("user")), None)
    return Target(made, str(chosen.get("namespace") or "default"), _impersonation(options, _plain(user)))


def _merged(kubeconfig: Path | None) -> tuple[dict[str, Any], KubeConfigMerger]:
    path = str(kubeconfig or os.environ.get("KUBECONFIG") or _USUAL)
    merger = KubeConfigMerger(path)  # type: ignore[no-untyped-call]
    if merger.config is None:
        raise config.ConfigException(f"there is no kubeconfig {path}")
    return merger.config.value, merger


def _current_context(merger: KubeConfigMerger) -> str | None:
    """That of the first file that has one, as kubectl takes it; the official client takes the last one's."""
    return next((name for path in merger.paths if (name := merger.config_files[path].get("current-context"))), None)


def _context(merged: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """The cluster, user and namespace of the named context; empty without a name."""
    if not name:
        return {}
    _check("current-context of the kubeconfig", name, _names(merged, "contexts"))
    return _plain(next(each["context"] for each in merged["contexts"] if each["name"] == name))


def _check(field: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise NoCluster(unknown(field, name, known))


def _names(merged: Mapping[str, Any], kind: str) -> list[str]:
    return [each["name"] for each in merged[kind]]


def _plain(node: Any) -> dict[str, Any]:
    """What a node of the official client holds."""
    return dict(getattr(node, "value", node) or {})


def _impersonation(options: ClusterOptions, user: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of the flags, else of the kubeconfig's user."""
    if options.as_user:
        user = {"as": options.as_user, "as-groups": options.as_group}
    if not user.get("as"):
        return ()
    headers = [("Impersonate-User", user["as"]), *(("Impersonate-Group", each) for each in user.get("as-groups") or ())]
    uid = [("Impersonate-Uid", user["as-uid"])] if user.get("as-uid") else []
    return tuple((name, str(value)) for name, value in [*headers, *uid])


@contextmanager
def _told(advice: str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        why = str(error) if isinstance(error, config.ConfigException | OSError) else f"the kubeconfig cannot be read: {error}"
        why = " ".join(why.split())
        raise NoCluster(f"no cluster to ask: {advice} ({why})" if advice else f"no cluster to ask: {why}") from error
