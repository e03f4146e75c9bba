"""Plans of whole graphs drive what the operator does: data, and nodes that die."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

CORES = 8
ALONE = "5"
"""Cores of which only one pod fits a node."""


class Pool:
    """Nodes of the test's own, and a policy that goes by plans."""

    def __init__(self, simulated: Testbed) -> None:
        self._simulated = simulated
        self.name = f"pool-{uuid.uuid4().hex[:6]}"
        self.nodes: list[str] = []

    def add(self, count: int, node_class: str = "") -> list[str]:
        labels = {"pool": self.name, **({"bayplan.dev/node-class": node_class} if node_class else {})}
        kind = NodeKind(f"{self.name}-{node_class}" if node_class else self.name, CORES, "32Gi", labels=labels)
        made = self._simulated.add_nodes(kind, count)
        self.nodes += made
        return made

    def remove(self) -> None:
        for name in self.nodes:
            self._simulated.delete_node(name)


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[Pool]:
    made = Pool(simulated)
    kube.create_policy(made.name, preset="GraphPlan", nodeSelector={"pool": made.name}, nodeLossGrace="0s")
    yield made
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    kube.delete_policy(made.name)
    made.remove()


def expecting(name: str, *after: str, seconds: float, **fields: object) -> Object:
    """A task that says how long it runs."""
    return task(name, *after, seconds=seconds, expectedDuration=f"{seconds:.0f}s", **fields)


def plans(operator: OperatorProcess, cause: str) -> float:
    return operator.metric(f'bayplan_plans_total{{cause="{cause}"}}') or 0.0


def node_of(kube: Kube, graph: str, name: str) -> str:
    (pod,) = kube.pods(graph, name)
    return str(pod.spec.node_name)


def test_large_data_is_read_where_it_was_made(operator: OperatorProcess, kube: Kube, pool: Pool) -> None:
    """Each of four makers fills a node; their readers are named the other way round, so that names say nothing."""
    pool.add(4)
    makers = [expecting(f"make-{number}", seconds=2 + number, cpu=ALONE) for number in range(4)]
    readers = [
        {**expecting(f"use-{9 - number}", seconds=3, cpu=ALONE), "dependsOn": [{"task": f"make-{number}", "data": "10G"}]}
        for number in range(4)
    ]
    before = plans(operator, "first")
    kube.create("g", *makers, *readers, policyName=pool.name)
    kube.wait_condition("g", "Complete")
    for number in range(4):
        assert node_of(kube, "g", f"use-{9 - number}") == node_of(kube, "g", f"make-{number}"), number
    why = kube.pods("g", "use-9")[0].metadata.annotations["bayplan.dev/why"]
    assert why.startswith("as planned"), why
    assert plans(operator, "first") == before + 1


def test_a_node_that_dies_is_planned_without(operator: OperatorProcess, kube: Kube, pool: Pool, simulated: Testbed) -> None:
    pool.add(2)
    before = plans(operator, "gone") + plans(operator, "again")
    tasks = [expecting(f"t{number}", seconds=8, cpu=ALONE) for number in range(2)]
    kube.create("g", *tasks, expecting("end", "t0", "t1", seconds=1), policyName=pool.name)
    running = kube.wait_running("g", count=2)
    dead = str(running[0].spec.node_name)
    simulated.kill_node(dead)
    wait_for(lambda: plans(operator, "gone") + plans(operator, "again") > before, "it is planned again")
    kube.wait_condition("g", "Complete")
    assert node_of(kube, "g", "end") != dead
    simulated.revive_node(dead)
