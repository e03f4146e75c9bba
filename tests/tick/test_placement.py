"""Where pods go: packing, capacity, priority, policies, and what kube-scheduler refuses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bayplan_operator.conductor.outlook.forecasting import forecast
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import NODE, POD, TASK_GRAPH
from tests.tick.machinery.pods import node_of, terminal
from tests.tick.machinery.scheduler import requests
from tests.tick.seen import label
from tests.tick.world import World

POOL = NodeKind("pool", 8, "32Gi", gpus={"nvidia.com/gpu": 2})


@pytest.fixture
def pool(empty: World) -> World:
    """Four nodes of 8 cores and 2 GPUs."""
    empty.add_nodes(POOL, 4)
    empty.operator.start()
    return empty


def nodes(pods: list[Object]) -> Counter[str]:
    return Counter(node_of(pod) for pod in pods)


def test_a_batch_that_needs_exactly_n_nodes_uses_n(pool: World) -> None:
    small = [task(f"small{i}", cpu="2", seconds=None) for i in range(3)]
    large = [task(f"large{i}", cpu="6", seconds=None) for i in range(3)]
    pool.create("g", *small, *large)
    assert len(nodes(pool.wait_running("g", count=6))) == 3


def test_gpus_are_packed_too(pool: World) -> None:
    pod = {"containers": [{"image": "none", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}
    pool.create("g", task("a", seconds=None, pod=pod, shards=4))
    assert sorted(nodes(pool.wait_running("g", count=4)).values()) == [2, 2]


@pytest.mark.parametrize(("preset", "expected"), [("Spread", [1, 1, 1, 1]), ("BestFit", [4])])
def test_a_preset(pool: World, preset: str, expected: list[int]) -> None:
    pool.create_policy("p", preset=preset)
    pool.create("g", task("a", seconds=None, shards=4), policyName="p")
    assert sorted(nodes(pool.wait_running("g", count=4)).values()) == expected


def test_round_robin_takes_the_nodes_in_turn_over_all_graphs(pool: World) -> None:
    pool.create_policy("p", preset="RoundRobin")
    pool.create("first", task("a", seconds=None, shards=3), policyName="p")
    first = nodes(pool.wait_running("first", count=3))
    pool.create("second", task("a", seconds=None, shards=3), policyName="p")
    second = nodes(pool.wait_running("second", count=3))
    assert len(first) == len(second) == 3
    assert sorted((first + second).values()) == [1, 1, 2, 2]


def test_a_static_map_by_parameters(pool: World) -> None:
    places = {"a": "pool-2", "g/b": "pool-0", "h/b": "pool-3"}
    parameters = [{"name": name, "value": node} for name, node in places.items()]
    pool.create_policy("p", planner={"name": "Static", "parameters": parameters})
    for graph in ("g", "h"):
        pool.create(graph, *(task(name, seconds=None) for name in "abc"), policyName="p")
    for graph in ("g", "h"):
        pool.wait_running(graph, count=2)
        assert nodes(pool.pods(graph, "a")) == {"pool-2": 1}
        assert nodes(pool.pods(graph, "b")) == {places[f"{graph}/b"]: 1}
        waiting = pool.wait_condition(graph, "Waiting")
        assert waiting["reason"] == "NoSuchNode"
        assert f"the static map has no node for task {graph}/c" in waiting["message"]


def holder(world: World) -> None:
    """Takes all there is."""
    world.create("holder", task("a", seconds=None, cpu="8", shards=4))
    world.wait_running("holder", count=4)


def started(world: World) -> list[str]:
    """The graphs in the order in which the first pod of each was created."""
    return list(dict.fromkeys(label(pod, "bayplan.dev/graph") for pod in world.created()))


def test_the_higher_priority_starts_first_and_equals_in_order_of_arrival(pool: World) -> None:
    holder(pool)
    for name, priority in (("low1", 0), ("low2", 0), ("high1", 10), ("low3", 0), ("high2", 10)):
        pool.create(name, task("a", seconds=1.0, shards=4, cpu="8"), priority=priority)
        pool.wait_condition(name, "Waiting")
    pool.delete(TASK_GRAPH, "holder")
    for name in ("low1", "low2", "low3"):
        pool.wait_condition(name, "Complete")
    assert started(pool) == ["holder", "high1", "high2", "low1", "low2", "low3"]


def test_the_earliest_deadline_goes_first_and_may_be_changed(pool: World) -> None:
    pool.create_policy("p", preset="EarliestDeadline")
    holder(pool)
    for name, deadline in (("last", "3h"), ("second", "2h"), ("first", "4h")):
        pool.create(name, task("a", seconds=0.5, cpu="8", shards=4), policyName="p", deadline=deadline)
        pool.wait_condition(name, "Waiting")
    pool.patch(TASK_GRAPH, "first", {"spec": {"deadline": "1h"}})
    pool.run(2)
    pool.delete(TASK_GRAPH, "holder")
    for name in ("last", "second", "first"):
        pool.wait_condition(name, "Complete")
    assert started(pool) == ["holder", "first", "second", "last"]


def test_a_node_that_kube_scheduler_refuses_is_left_and_the_graph_finishes(pool: World) -> None:
    def first(pod: Object, node: str) -> str:
        return "node(s) had volume node affinity conflict" if label(pod, "bayplan.dev/incarnation") == "1" else ""

    pool.scheduler.objection = first
    pool.create("g", task("a", seconds=20, shards=2), retry={"limit": 0})
    pool.wait_condition("g", "Complete")
    refused, others = (
        {
            pod["metadata"]["annotations"]["bayplan.dev/node"]
            for pod in pool.created("g")
            if (label(pod, "bayplan.dev/incarnation") == "1") is each
        }
        for each in (True, False)
    )
    assert len(pool.created("g")) == 4
    assert refused.isdisjoint(others)
    assert pool.loop.passed < 45, "they have run side by side"


def test_kube_scheduler_is_asked_about_all_nodes_at_once_once_it_has_refused_one(pool: World) -> None:
    """A volume that is bound to one of many nodes: the first refusal says that only kube-scheduler can tell."""
    names = pool.add_nodes(NodeKind("more", 8, "32Gi"), 30)
    pool.scheduler.objection = lambda pod, node: "" if node == names[17] else "node(s) had volume node affinity conflict"
    claim = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}
    pool.create("g", task("a", pod=claim, shards=3, seconds=5), retry={"limit": 0})
    pool.until(lambda: len(pool.running("g")) == 3)
    assert {node_of(pod) for pod in pool.running("g")} == {names[17]}
    pool.wait_condition("g", "Complete")
    assert len(pool.created("g")) <= 6
    assert pool.loop.passed < 15


def test_where_no_node_will_do_kube_scheduler_is_asked_twice_and_no_more(pool: World) -> None:
    pool.add_nodes(NodeKind("more", 8, "32Gi"), 30)
    pool.scheduler.objection = lambda pod, node: "node(s) had volume node affinity conflict"
    claim = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}
    pool.create("g", task("a", pod=claim), retry={"limit": 0})
    pool.run(4)
    assert len(pool.created("g")) == 2
    pool.scheduler.objection = lambda pod, node: ""
    pool.wait_condition("g", "Complete")


def test_what_is_refused_everywhere_waits_and_is_asked_again(pool: World) -> None:
    pool.scheduler.objection = lambda pod, node: "node(s) had volume node affinity conflict"
    pool.create("g", task("a"), retry={"limit": 0})
    pool.run(60)
    assert pool.running() == []
    assert len(pool.created("g")) > 4, "a node that refused is left out for 5 s, and then tried again"
    assert len({pod["metadata"]["annotations"]["bayplan.dev/node"] for pod in pool.created("g")}) >= 3
    pool.scheduler.objection = lambda pod, node: ""
    pool.wait_condition("g", "Complete")
    assert pool.lines("g")["a"].split()[1].endswith("/0"), "a refusal is no failure of the task"


def foreign(name: str, cpu: str, **metadata: Any) -> Object:
    spec = {"containers": [{"name": "c", "image": "none", "resources": {"requests": {"cpu": cpu}}}]}
    return {"metadata": {"name": name, **metadata}, "spec": spec}


def test_no_node_is_ever_over_committed_while_others_place_pods_too(pool: World) -> None:
    pool.scheduler.delay = 0.2
    pool.loop.takes[forecast] = 60.0  # estimates are not what this is about
    for number in range(6):
        pool.create(f"g{number}", task("a", cpu="1300m", seconds=5, shards=12))
    for number in range(40):
        lasts = {"annotations": {"sim.bayplan.dev/seconds": "3"}}
        pool.store.create(POD, "test", foreign(f"foreign{number}", "1500m", **lasts))
        pool.run(0.4)
        used: Counter[str] = Counter()
        for pod in pool.store.all(POD):
            if node_of(pod) and not terminal(pod):
                used[node_of(pod)] += requests(pod)["cpu"]
        assert all(milli <= 8000 for milli in used.values()), used
    for number in range(6):
        pool.wait_condition(f"g{number}", "Complete")


def test_nothing_is_decided_before_every_list_is_complete(pool: World) -> None:
    """An operator that starts against full nodes knows that they are full, though the list has many pages."""
    pool.operator.kill()
    pool.create("g", *(task(f"t{number}", seconds=0.5) for number in range(20)))
    for number in range(640):
        pod = foreign(f"foreign-{number:03d}", "50m")
        pod["spec"]["nodeName"] = f"pool-{number % 4}"
        pool.store.create(POD, "test", pod)
    pool.operator.start()
    assert pool.wait_condition("g", "Waiting")["reason"] == "NoCapacity"
    pool.run(30)
    assert pool.created("g") == [], "placed on a node that is full"
    pool.delete(NODE, "pool-3")
    pool.add_nodes(NodeKind("more", 8, "32Gi"), 1)
    pool.wait_condition("g", "Complete")


def test_what_usually_arrives_is_learned_and_learned_again_after_a_restart(pool: World) -> None:
    pool.create_policy("p", preset="Packing")
    pool.create("g", task("a", seconds=None, cpu="100m", shards=220), policyName="p")
    for _ in range(2):
        pool.run(20)
        assert pool.rise("bayplan_arrivals_total") == 220, "each shard once"
        assert pool.rise("bayplan_mix_build_seconds_count") >= 1
        assert len(pool.created("g")) == 220
        pool.operator.restart()
