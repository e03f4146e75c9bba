"""`bench.load` on the testbed: a real control plane, a real Prometheus, simulated nodes.

Everything is `speed` times as fast as in the simulator: run times, arrivals, and the window of Prometheus' rates. What a
task meets where it lands is played by the simulated kubelet alone: on nodes with hidden load it runs 1 / (1 - hidden) times
as long, by annotations that nothing of Bayplan reads. An exporter shows the hidden load and what the running pods ask for;
Prometheus scrapes it every second. Completion: from asking for the graph to the end of its pod, as one watcher sees it.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.load_jobs import Job
from bench.pod_watch import PodWatch
from tests.testbed.control_plane import ControlPlaneOptions
from tests.testbed.exporter import Exporter
from tests.testbed.installation import OperatorProcess, install_chart
from tests.testbed.nodes import NodeKind
from tests.testbed.prometheus import Prometheus, Target
from tests.testbed.testbed import Options, Testbed

GRAPHS = "/apis/bayplan.dev/v1alpha1/namespaces/default/taskgraphs"
POLICIES = "/apis/bayplan.dev/v1alpha1/placementpolicies"
WINDOW = 4
"""Seconds over which rates are taken."""
_QPS = 1000
_LIMIT = 1800.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Trial:
    """What is run."""

    jobs: Sequence[Job]
    nodes: int
    cores: int
    """Of each node."""
    slow: Sequence[int]
    """Numbers of the nodes with hidden load."""
    hidden: float
    """Share of their CPU."""
    speed: float


class _Playing(PodWatch):
    """Watches all pods of Bayplan, each by the name of its task, and has the exporter show what runs where."""

    def __init__(self, testbed: Testbed, exporter: Exporter, trial: Trial, hidden: dict[str, float]) -> None:
        super().__init__(testbed.kubeconfig, "")
        self._selector = "bayplan.dev/graph"
        self._exporter = exporter
        self._hidden = hidden
        self._shares = {job.name: job.cores / trial.cores for job in trial.jobs}
        self._running: dict[str, dict[str, float]] = {node: {} for node in hidden}

    def _take(self, event: dict[str, Any], now: float) -> None:
        super()._take(event, now)
        pod = event["object"]
        task, node = pod["metadata"]["labels"]["bayplan.dev/task"], pod["spec"].get("nodeName")
        if node not in self._running:
            return
        if pod["status"].get("phase") == "Running" and event["type"] != "DELETED":
            self._running[node][task] = self._shares[task]
        else:
            self._running[node].pop(task, None)
        self._exporter.set([node], cpu=min(1.0, self._hidden[node] + sum(self._running[node].values())))


def compare(trial: Trial, policies: Sequence[str]) -> dict[str, float]:
    """Per preset the mean completion time, in seconds of the simulator."""
    # The clients' limits of scheduler and controller manager are raised: they are not what is compared.
    options = Options(control_plane=ControlPlaneOptions(_QPS, _QPS, _QPS, _QPS))
    with Testbed.start(options) as testbed, Exporter() as exporter:
        names = testbed.add_nodes(NodeKind("node", trial.cores, "64Gi"), trial.nodes)
        slow = [names[number] for number in trial.slow]
        hidden = {name: trial.hidden if name in slow else 0.0 for name in names}
        install_chart(testbed)
        exporter.set(names, memory=0.1)
        with Prometheus([Target(exporter.address, f"/{name}", {"node": name}) for name in names]) as prometheus:
            queries = prometheus.directory / "queries.yaml"
            queries.write_text(f"window: {WINDOW}s\n")
            flags = [f"--prometheus-url={prometheus.url}", f"--prometheus-queries={queries}", "--prometheus-interval=1"]
            with OperatorProcess(testbed, flags) as operator:
                operator.wait_until_leading()
                figures = {}
                for policy in policies:
                    testbed.api.create(POLICIES, _policy(policy))
                    for name in names:
                        exporter.set([name], cpu=hidden[name])
                    time.sleep(3 * WINDOW)  # until nothing is measured of what ran before
                    with _Playing(testbed, exporter, trial, hidden) as watch:
                        figures[policy] = _run(testbed, trial, policy, watch, slow)
                    _clear(testbed)
    return figures


def _run(testbed: Testbed, trial: Trial, policy: str, watch: PodWatch, slow: Sequence[str]) -> float:
    asked, begin = {}, time.monotonic()
    for job in trial.jobs:
        time.sleep(max(0.0, begin + job.at / trial.speed - time.monotonic()))
        asked[job.name] = time.monotonic()
        testbed.api.create(GRAPHS, _graph(job, policy, trial, slow))
    while len(watch.seen.ended) < len(trial.jobs):
        if time.monotonic() - begin > _LIMIT:
            raise SystemExit(f"only {len(watch.seen.ended)} of {len(trial.jobs)} tasks have ended after {_LIMIT:g} s")
        time.sleep(0.2)
    completions = [watch.seen.ended[name] - at for name, at in asked.items()]
    mean = trial.speed * sum(completions) / len(completions)
    on_slow = sum(node in slow for node in watch.seen.nodes.values())
    took = time.monotonic() - begin
    print(f"{policy}: {mean:.1f} s, {on_slow} of {len(asked)} tasks on loaded nodes (took {took:.0f} s)", file=sys.stderr)
    return mean


def _graph(job: Job, policy: str, trial: Trial, slow: Sequence[str]) -> dict[str, Any]:
    seconds = job.seconds / trial.speed
    annotations = {
        "sim.bayplan.dev/seconds": f"{seconds:.3f}",
        "sim.bayplan.dev/slow-nodes": ",".join(slow),
        "sim.bayplan.dev/slow-seconds": f"{seconds / (1.0 - trial.hidden):.3f}",
    }
    container = {"image": "none", "resources": {"requests": {"cpu": str(job.cores), "memory": "1Gi"}}}
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": job.name},
        "spec": {"policyName": policy.lower(), "tasks": [{"name": job.name, "template": template}]},
    }


def _policy(preset: str) -> dict[str, Any]:
    metadata = {"name": preset.lower()}
    return {"apiVersion": "bayplan.dev/v1alpha1", "kind": "PlacementPolicy", "metadata": metadata, "spec": {"preset": preset}}


def _clear(testbed: Testbed) -> None:
    """Graphs of one run are gone, with their pods, before the next begins."""
    testbed.kubectl("delete", "taskgraphs", "--all", "-n", "default", "--timeout=120s")
    end = time.monotonic() + 120
    while testbed.api.get("/api/v1/namespaces/default/pods?limit=1")["items"]:
        if time.monotonic() > end:
            raise SystemExit("pods of a run that is over do not go away")
        time.sleep(0.2)
