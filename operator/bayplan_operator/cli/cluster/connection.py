"""Which cluster is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubernetes import client, config

from bayplan_operator.kube import configuration
from bayplan_operator.kube.errors import ApiError

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class NoCluster(ApiError):
    """Nothing says where a cluster is; the message is one sentence for the user."""


def settings(kubeconfig: Path | None, advice: str = "") -> client.Configuration:
    """Of the kubeconfig or the service account; `advice` says how to name a cluster. Raises `NoCluster`."""
    with _advised(advice):
        return configuration.load(kubeconfig)


def namespace(kubeconfig: Path | None, advice: str) -> str:
    """That of the kubeconfig's current context, or of the pod that this runs in. Raises `NoCluster`."""
    if kubeconfig is None and _IN_CLUSTER.is_file():
        return _IN_CLUSTER.read_text().strip()
    with _advised(advice):
        _, active = config.list_kube_config_contexts(None if kubeconfig is None else str(kubeconfig))  # type: ignore[no-untyped-call]
    return str((active.get("context") or {}).get("namespace") or "default")


@contextmanager
def _advised(advice: str) -> Iterator[None]:
    try:
        yield
    except (config.ConfigException, OSError) as error:
        raise NoCluster(f"no cluster to ask: {advice} ({error})" if advice else str(error)) from error
