"""The simulator and the operator take the same decisions for the same graph: nodes, order, and the words for them."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from bayplan.model.workload import NodeInfo
from bayplan.simulation import AttemptOutcome, Delays, Policy, Setup, Trace, TrueRunTimes, simulate
from bayplan_operator.kube import wire
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.workflows import read_graphs
from tests.cluster.kube import Kube, Object, task, wait_for
from tests.cluster.pod_log import PodLog
from tests.shapes import CHAINS, TASKS
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

HANDED_ON = "10G"
LATE = {"run_times": TrueRunTimes(noise=0.02), "delays": Delays(binding=0.2, starting=0.5)}


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[str]:
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names = simulated.add_nodes(NodeKind(value, 8, "32Gi", labels={"pool": value}), 2)
    yield value
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone", timeout=60)
    for name in names:
        simulated.delete_node(name)


@pytest.mark.parametrize("preset", ["BestFit", "Spread", "GraphPlan"])
def test_the_same_nodes_in_the_same_order_for_the_same_reasons(
    simulated: Testbed, kube: Kube, pool: str, policy: str, preset: str, tmp_path: Path
) -> None:
    spec: Object = {"preset": preset}
    kube.create_policy(policy, **spec)
    selected = {"nodeSelector": {"pool": pool}}
    tasks = [
        task(name, *after, shards=shards, cpu=str(cores), seconds=None, pod=selected, expectedDuration=f"{seconds}s")
        for name, after, shards, cores, seconds in (CHAINS if preset == "GraphPlan" else TASKS)
    ]
    if preset == "GraphPlan":
        for each in tasks:
            each["dependsOn"] = [{**parent, "data": HANDED_ON} for parent in each["dependsOn"]]
    log = PodLog(kube)
    graph = kube.create("same", *tasks, policyName=policy)
    nodes = every_node(simulated)
    trace = in_the_simulator(graph, nodes, spec, policy, tmp_path)
    end_in_time(kube, trace)
    kube.wait_condition("same", "Complete")
    log.stop()
    assert (trace.attempts.outcome == AttemptOutcome.SUCCEEDED).all()
    assert (trace.attempts.placed_at > trace.attempts.wanted_at).any(), "nothing had to wait: the order would not show"
    for seed in range(5):
        late = in_the_simulator(graph, nodes, spec, policy, tmp_path, seed=seed, **LATE)
        assert places_of(late) == places_of(trace), "a little lateness changes what is decided: the two cannot be compared"

    expected = simulated_places(trace)
    made = operated_places(log)
    assert made == places_of(trace)
    order = list(made)
    for earlier in order:
        for later in order[order.index(earlier) + 1 :]:
            assert expected[earlier][2] <= expected[later][2], f"{later} goes before {earlier} in the simulator"


Which = tuple[str, int]


def in_the_simulator(graph: Object, nodes: list[NodeInfo], spec: Object, policy: str, folder: Path, **more: Any) -> Trace:
    """The graph as the API server gave it back, on the nodes as it shows them."""
    path = folder / "same.json"
    path.write_bytes(msgspec.json.encode(graph))
    submissions = read_graphs([path]).submissions
    compiled = compile_policy({"metadata": {"name": policy}, "spec": spec})
    return simulate(submissions, Setup(nodes, {policy: Policy(compiled.strategy, compiled.spec.node_loss_grace)}, **more))


def end_in_time(kube: Kube, trace: Trace) -> None:
    """Have the pods end in the order in which they do in the simulator, with as much time in between.

    The clock stands still while the cluster is behind, so that a busy machine does not change what ends before what.
    """
    attempts, before = trace.attempts, 0.0
    names = [each.name for each in trace.submissions[0].graph.tasks]
    units = [(names[task], int(shard)) for task, shard in zip(attempts.task, attempts.shard, strict=True)]
    for moment in np.unique(attempts.ended_at):
        due = {units[row] for row in np.flatnonzero(attempts.ended_at == moment)}
        placed = {units[row] for row in np.flatnonzero(attempts.placed_at < moment)}
        wait_for(lambda placed=placed: begun(kube).keys() >= placed, f"all runs that is placed before second {moment:.0f}")  # type: ignore[misc]
        time.sleep(moment - before)
        kube.finish(*(pod for unit, pod in begun(kube).items() if unit in due))
        before = moment


def begun(kube: Kube) -> dict[Which, Any]:
    """Task and shard to the pod, of all that run or have ended."""
    pods = [(pod.metadata.labels, pod) for pod in kube.pods("same") if pod.status.phase in ("Running", "Succeeded")]
    return {(labels["bayplan.dev/task"], int(labels["bayplan.dev/shard"])): pod for labels, pod in pods}


def every_node(simulated: Testbed) -> list[NodeInfo]:
    listed = msgspec.json.decode(simulated.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    return [node_info(msgspec.convert(node, wire.Node, strict=False)) for node in listed]


def simulated_places(trace: Trace) -> dict[Which, tuple[str, str, float]]:
    """Task and shard to node, why there, and when it was placed."""
    attempts = trace.attempts
    names = [each.name for each in trace.submissions[0].graph.tasks]
    return {
        (names[attempts.task[row]], int(attempts.shard[row])): (
            trace.nodes[attempts.node[row]].name,
            attempts.why[row],
            float(attempts.placed_at[row]),
        )
        for row in range(len(attempts))
    }


def places_of(trace: Trace) -> dict[Which, tuple[str, str]]:
    """Task and shard to node and why there."""
    return {which: (node, timeless(why)) for which, (node, why, _) in simulated_places(trace).items()}


def timeless(why: str) -> str:
    """Without the seconds that a plan has measured: it is made again when something is late, and then they are others."""
    return re.sub(r"\d+ s\b", "… s", why)


def operated_places(log: PodLog) -> dict[Which, tuple[str, str]]:
    """The same from the pods, in the order in which they were created."""
    found = {}
    for kind, pod in log.events:
        if kind == "ADDED":
            labels, annotations = pod.metadata.labels, pod.metadata.annotations
            which = (labels["bayplan.dev/task"], int(labels["bayplan.dev/shard"]))
            assert which not in found, "a second attempt: something was late or failed, and the two cannot be compared"
            found[which] = (annotations["bayplan.dev/node"], timeless(annotations["bayplan.dev/why"]))
    return found
