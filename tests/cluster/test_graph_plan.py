"""Plans of whole graphs drive what the operator does: data, nodes that come and go, an operator that is killed."""

from __future__ import annotations

import time
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


def test_the_critical_path_gets_the_fast_node_by_what_was_learned(kube: Kube, pool: Pool) -> None:
    """Two graphs before teach how long the tasks take on which nodes; nobody says it. By name, the slow nodes come first."""
    (fast,) = pool.add(1, "z-fast")
    pool.add(2, "a-slow")
    for node_class, seconds in (("z-fast", 3.0), ("a-slow", 12.0)):
        pod = {"nodeSelector": {"pool": pool.name, "bayplan.dev/node-class": node_class}}
        lessons = [task(name, seconds=seconds, cpu=ALONE, pod=pod) for name in ("link", "side")]
        kube.create(f"lesson-{node_class}", *lessons, profile="work")
    for name in ("link", "side"):
        kube.wait_learned(f"work/{name}", 2)
    time.sleep(11.0)  # plans go by what was learned until 10 s ago
    links = [f"link-{number}" for number in range(3)]
    chain = [
        task(name, *links[max(0, number - 1) : number], seconds=3.0, cpu=ALONE, profile="link")
        for number, name in enumerate(links)
    ]
    sides = [task(f"side-{number}", seconds=8.0, cpu=ALONE, profile="side") for number in range(2)]
    kube.create("g", *sides, *chain, profile="work", policyName=pool.name)
    kube.wait_condition("g", "Complete")
    assert {node_of(kube, "g", name) for name in links} == {fast}
    assert fast not in {node_of(kube, "g", f"side-{number}") for number in range(2)}, "nobody took it from the chain"


def test_a_new_node_is_planned_with_and_used(operator: OperatorProcess, kube: Kube, pool: Pool) -> None:
    (first,) = pool.add(1)
    before = plans(operator, "new")
    endless = [task(f"t{number}", seconds=None, expectedDuration="10m", cpu=ALONE) for number in range(4)]
    kube.create("g", *endless, policyName=pool.name)
    kube.wait_running("g")
    (second,) = pool.add(1)
    wait_for(lambda: plans(operator, "new") > before, "it is planned again")
    assert {str(pod.spec.node_name) for pod in kube.wait_running("g", count=2)} == {first, second}


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


def test_an_operator_that_is_killed_plans_what_is_left(operator: OperatorProcess, kube: Kube, pool: Pool) -> None:
    pool.add(2)
    chain = [expecting(f"t{number}", *([f"t{number - 1}"] if number else []), seconds=3, cpu=ALONE) for number in range(4)]
    kube.create("g", *chain, policyName=pool.name)
    kube.wait_running("g", "t1")
    operator.restart()
    operator.wait_until_leading()
    kube.wait_condition("g", "Complete")
    assert plans(operator, "first") >= 1
    assert all(line.startswith("Succeeded 1/0") for line in kube.lines("g").values())
