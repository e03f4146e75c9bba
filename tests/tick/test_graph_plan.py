"""Plans of whole graphs drive what the operator does: data, nodes that come and go, an operator that is killed."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.outlook.graph_plans.followed import make
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import NODE
from tests.tick.machinery.pods import node_of
from tests.tick.world import World

ALONE = "5"
"""Cores of which only one pod fits a node."""
CLASS = "bayplan.dev/node-class"


@pytest.fixture
def pool(empty: World) -> World:
    """No nodes yet; a policy that goes by plans."""
    empty.create_policy("p", preset="GraphPlan", nodeLossGrace="0s")
    empty.operator.start()
    return empty


def add(world: World, count: int, node_class: str = "") -> list[str]:
    labels = {CLASS: node_class} if node_class else {}
    return world.add_nodes(NodeKind(node_class or "n", 8, "32Gi", labels=labels), count)


def expecting(name: str, *after: str, seconds: float, **fields: object) -> Object:
    """A task that says how long it runs."""
    return task(name, *after, seconds=seconds, expectedDuration=f"{seconds:.0f}s", cpu=ALONE, **fields)


def where(world: World, graph: str, name: str) -> str:
    (pod,) = world.pods(graph, name)
    return node_of(pod)


def test_large_data_is_read_where_it_was_made(pool: World) -> None:
    """Each of four makers fills a node; their readers are named the other way round, so that names say nothing."""
    add(pool, 4)
    makers = [expecting(f"make-{number}", seconds=20 + 5 * number) for number in range(4)]
    readers = [
        {**expecting(f"use-{9 - number}", seconds=30), "dependsOn": [{"task": f"make-{number}", "data": "10G"}]}
        for number in range(4)
    ]
    pool.create("g", *makers, *readers, policyName="p")
    pool.wait_condition("g", "Complete")
    for number in range(4):
        assert where(pool, "g", f"use-{9 - number}") == where(pool, "g", f"make-{number}")
    assert pool.created("g")[-1]["metadata"]["annotations"]["bayplan.dev/why"].count("as planned")
    assert pool.rise("bayplan_plans_total", cause="first") == 1


def test_the_critical_path_gets_the_fast_node_by_what_was_learned(pool: World) -> None:
    """Two graphs before teach how long the tasks take on which nodes; no hint says it. By name, the slow nodes come first."""
    (fast,) = add(pool, 1, "z-fast")
    slow = add(pool, 2, "a-slow")
    slowly = {"sim.bayplan.dev/slow-nodes": ",".join(slow)}
    for node_class in ("z-fast", "a-slow"):
        pod = {"nodeSelector": {CLASS: node_class}}
        annotations = {**slowly, "sim.bayplan.dev/slow-seconds": "120"}
        lessons = [task(name, seconds=30, cpu=ALONE, pod=pod, annotations=annotations) for name in ("link", "side")]
        pool.create(f"lesson-{node_class}", *lessons, profile="work")
    for node_class in ("z-fast", "a-slow"):
        pool.wait_condition(f"lesson-{node_class}", "Complete")
    pool.run(15)  # plans go by what was learned until 10 s ago
    links = [f"link-{number}" for number in range(3)]
    chain = [
        task(name, *links[max(0, number - 1) : number], seconds=30, cpu=ALONE, profile="link")
        for number, name in enumerate(links)
    ]
    sides = [task(f"side-{number}", seconds=80, cpu=ALONE, profile="side") for number in range(2)]
    pool.create("g", *sides, *chain, profile="work", policyName="p")
    pool.wait_condition("g", "Complete")
    assert {where(pool, "g", name) for name in links} == {fast}
    assert fast not in {where(pool, "g", f"side-{number}") for number in range(2)}, "it was kept for the chain"


def test_a_new_node_is_planned_with_and_used(pool: World) -> None:
    (first,) = add(pool, 1)
    endless = [task(f"t{number}", seconds=None, expectedDuration="10m", cpu=ALONE) for number in range(4)]
    pool.create("g", *endless, policyName="p")
    pool.wait_running("g")
    pool.run(10)
    (second,) = add(pool, 1)
    assert {node_of(pod) for pod in pool.wait_running("g", count=2)} == {first, second}
    assert pool.rise("bayplan_plans_total", cause="new") == 1


@pytest.mark.parametrize("dies", [True, False])
def test_a_node_that_goes_is_planned_without(pool: World, dies: bool) -> None:
    add(pool, 2)
    tasks = [expecting(f"t{number}", seconds=80) for number in range(2)]
    pool.create("g", *tasks, expecting("end", "t0", "t1", seconds=10), policyName="p")
    gone = node_of(pool.wait_running("g", count=2)[0])
    pool.run(20)
    if dies:
        pool.controllers.kill(gone)
    else:
        pool.delete(NODE, gone)
    pool.wait_condition("g", "Complete")
    assert where(pool, "g", "end") != gone
    assert pool.rise("bayplan_plans_total", cause="gone") + pool.rise("bayplan_plans_total", cause="again") >= 1


def test_an_operator_that_is_killed_plans_what_is_left(pool: World) -> None:
    add(pool, 2)
    chain = [expecting(f"t{number}", *([f"t{number - 1}"] if number else []), seconds=30) for number in range(4)]
    pool.create("g", *chain, policyName="p")
    pool.wait_running("g", "t1")
    pool.rise("bayplan_plans_total", cause="first")
    pool.operator.restart()
    pool.wait_condition("g", "Complete")
    assert pool.rise("bayplan_plans_total", cause="first") == 1
    assert all(line.startswith("Succeeded 1/0") for line in pool.lines("g").values())
    assert pool.loop.passed < 125


@pytest.mark.parametrize(("takes", "waits"), [(0.5, 0.5), (30.0, 1.0)])
def test_a_first_plan_is_waited_for_but_not_for_ever(pool: World, takes: float, waits: float) -> None:
    add(pool, 2)
    pool.run(1)
    pool.loop.takes[make] = takes
    pool.create("g", expecting("a", seconds=10), expecting("b", "a", seconds=10), policyName="p")
    pool.wait_running("g")
    assert pool.loop.passed - 1 == pytest.approx(waits, abs=0.1)
