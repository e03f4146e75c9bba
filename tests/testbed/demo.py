"""`python -m tests.testbed.demo`: Bayplan at work, from nothing to a graph that has run. `make demo` calls it.

Environment: KEEP=1 leaves the cluster and the operator running; DEMO=containers takes real nodes instead of simulated ones
(root), and DEMO=collaboration trains one model on them in rounds; KUBECONFIG names a cluster to use instead of an own one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from . import state
from .binaries import CONTROL_PLANE, ensure
from .cluster import Cluster
from .errors import TestbedError
from .installation import NAMESPACE as SYSTEM
from .installation import ROOT, OperatorProcess, install_chart
from .nodes import A100, CPU_LARGE, CPU_SMALL, T4
from .stories import FromFile, Story
from .testbed import Attached, Options, Testbed, cluster_from_environment

NAMESPACE = "bayplan-demo"
_KINDS = ("", "simulated", "containers", "collaboration")
NODES = ((CPU_LARGE, 3), (CPU_SMALL, 3), (A100, 3), (T4, 3))
_LEASE_FRESH = timedelta(seconds=15)


@dataclass(frozen=True)
class Scene:
    """A cluster and what runs on it."""

    cluster: Cluster
    story: Story
    keep: bool
    external: bool = False
    """The cluster is the user's: what was put there is taken away again."""
    real: bool = False
    """Its nodes end with this process."""


def main() -> int:
    """Run the demo; the exit code is 0 only if the graph has succeeded."""
    started = time.monotonic()
    try:
        with _scene(keep=os.environ.get("KEEP", "") not in ("", "0"), kind=os.environ.get("DEMO", "")) as scene:
            code = _play(scene)
            _say(f"done in {time.monotonic() - started:.0f} s" if code == 0 else "the graph has not succeeded, see above")
            if scene.keep:
                _stay(scene)
    except TestbedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


@contextmanager
def _scene(keep: bool, kind: str) -> Iterator[Scene]:
    if kind not in _KINDS:
        raise TestbedError(f"DEMO is {kind!r}: it must be `simulated` (the default), `containers` or `collaboration`.")
    if kind == "containers" or (kind == "collaboration" and not os.environ.get("KUBECONFIG")):
        with _on_real_nodes(keep, kind) as scene:
            yield scene
    elif os.environ.get("KUBECONFIG"):
        with cluster_from_environment() as given:
            _say(f"using the cluster of KUBECONFIG ({os.environ['KUBECONFIG']})")
            yield _on_given(given, keep, kind)
    else:
        _say("the programs of a Kubernetes control plane (built once, about 8 minutes with empty caches)")
        ensure(*CONTROL_PLANE, "kwok", "helm")
        _say(f"a control plane with {sum(count for _, count in NODES)} simulated nodes: CPU only, A100 and T4")
        testbed = Testbed.start(Options(nodes=NODES, keep=keep))
        with nullcontext() if keep else testbed:
            yield Scene(testbed, FromFile("driving"), keep)


@contextmanager
def _on_real_nodes(keep: bool, kind: str) -> Iterator[Scene]:
    # They need more of the machine than the rest of the demo.
    from .collaboration.nodes import prepare
    from .collaboration.story import Federated, check_settings
    from .real_nodes import real_testbed

    check_settings()
    _say("a control plane with two real nodes: kubelet and containerd, as root")
    with real_testbed(2) as testbed:
        story: Story = FromFile("containers")
        if kind == "collaboration":
            _say("the images of the operator and of the examples, for both nodes")
            prepare(testbed)
            story = Federated.on_real_nodes(testbed, NAMESPACE)
        yield Scene(testbed, story, keep, real=True)


def _on_given(cluster: Cluster, keep: bool, kind: str) -> Scene:
    own = isinstance(cluster, Attached)
    if kind == "collaboration":
        from .collaboration.story import Federated, check_settings

        check_settings()
        return Scene(cluster, Federated.on_given(cluster, NAMESPACE), keep, external=not own)
    if not own:
        _say("its nodes must be able to pull busybox:1.36, otherwise the tasks fail; unset KUBECONFIG to see more")
    return Scene(cluster, FromFile("driving" if own else "minimal"), keep, external=not own)


def _play(scene: Scene) -> int:
    cluster = scene.cluster
    with ExitStack() as stack:
        operator = _operator(scene, stack)
        _say(f"kubectl apply -f {scene.story.file}")
        ours = _apply(scene)
        if scene.external and not scene.keep:
            stack.callback(cluster.kubectl, "delete", *ours, "--timeout=120s", check=False)
        code = scene.story.show(cluster, NAMESPACE, _say)
    if code != 0 and operator is not None:
        print(f"demo: the end of the operator's log ({operator.log}):\n{operator.process.log_tail()}", file=sys.stderr)
    return code


def _operator(scene: Scene, stack: ExitStack) -> OperatorProcess | None:
    """The operator that was started; None where one is at work already."""
    cluster = scene.cluster
    holder = _holder(cluster)
    if holder:
        _say(f'the operator "{holder}" is at work in this cluster already: it is used')
        return None
    installed = cluster.helm("status", "bayplan", "--namespace", SYSTEM, check=False).returncode == 0
    if not installed:
        _say("helm install bayplan charts/bayplan --set operator.replicas=0")
        install_chart(cluster)
    if scene.external and not installed and not scene.keep:
        stack.callback(_uninstall, cluster)
    _say("bayplan operator, as a process of its own with the rights of its ServiceAccount")
    # On real nodes it ends with this process, as they do.
    outlives = scene.keep and not scene.real
    operator = OperatorProcess(cluster, ("--stuck-after=20", *scene.story.operator), keep=outlives)
    if scene.keep:
        _remember(cluster, operator)
    else:
        stack.callback(operator.stop)
    operator.wait_until_leading()
    return operator


def _holder(cluster: Cluster) -> str:
    """Who holds the Lease and has renewed it a moment ago; empty: nobody."""
    path = "jsonpath={.spec.holderIdentity} {.spec.renewTime}"
    answer = cluster.kubectl("get", "lease", "bayplan-operator", "-n", SYSTEM, "-o", path, check=False).stdout
    identity, _, renewed = answer.rpartition(" ")
    if not identity or not renewed or datetime.now(UTC) - datetime.fromisoformat(renewed) > _LEASE_FRESH:
        return ""
    return identity


def _apply(scene: Scene) -> tuple[str, ...]:
    """What has to be deleted to have the cluster as it was, as kubectl's arguments."""
    cluster, graph = scene.cluster, (scene.story.graph, "--namespace", NAMESPACE)
    created = cluster.kubectl("get", "namespace", NAMESPACE, check=False).returncode != 0
    if created:
        cluster.kubectl("create", "namespace", NAMESPACE)
    # Left from an earlier run: tasks of a graph that exists cannot be changed.
    cluster.kubectl("delete", "taskgraph", *graph, "--ignore-not-found", "--timeout=60s")
    cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=scene.story.manifest)
    return ("namespace", NAMESPACE) if created else ("taskgraph", *graph)


def _uninstall(cluster: Cluster) -> None:
    """Without hooks: no pod is left to release, and the hook's image need not be there."""
    cluster.helm("uninstall", "bayplan", "--namespace", SYSTEM, "--no-hooks", check=False)
    cluster.kubectl("delete", "namespace", SYSTEM, "--timeout=60s", check=False)
    _say("Bayplan is uninstalled from the cluster again; its CRDs stay: kubectl delete -f crds/")


def _remember(cluster: Cluster, operator: OperatorProcess) -> None:
    """`python -m tests.testbed down` ends the operator of a kept testbed too."""
    if isinstance(cluster, Testbed) and (cluster.directory / state.FILE).is_file():
        kept = state.load(cluster.directory)
        state.save(cluster.directory, replace(kept, processes=(*kept.processes, operator.process)))


def _stay(scene: Scene) -> None:
    cluster = scene.cluster
    python = Path(sys.executable)
    here = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    print("\nThe cluster and the operator stay. To use them:")
    print(f"  export KUBECONFIG={cluster.environment()['KUBECONFIG']}")
    print(f"  export PATH={ensure('kubectl')}:{python.parent}:$PATH")
    print(f"  bayplan show {scene.story.graph} -n {NAMESPACE}")
    if scene.real:
        print("They end with this process: press Ctrl-C.", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    elif isinstance(cluster, Testbed):
        print(f"To end them: {here} -m tests.testbed down {cluster.directory}")
    else:
        print(f"To end it: kubectl delete namespace {NAMESPACE}, kill the operator's process (bayplan operator), then")
        print(f"           helm uninstall bayplan -n {SYSTEM} --no-hooks")


def _say(text: str) -> None:
    print(f"\n==> {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
