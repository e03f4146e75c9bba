"""An adaptive policy finds the better of two candidates, explains itself, and knows what it knew after a restart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.refusal import Refusal
from tests.tick.machinery.pods import node_of
from tests.tick.seen import find
from tests.tick.world import World

NARROW = {"name": "narrow", "planner": {"name": "Static", "parameters": [{"name": "a", "value": "narrow-0"}]}}


@pytest.fixture
def pool(empty: World) -> World:
    """A node where one shard fits at a time, and one where all do."""
    empty.add_nodes(NodeKind("narrow", 1, "32Gi"), 1)
    empty.add_nodes(NodeKind("wide", 64, "32Gi"), 1)
    empty.create_policy("p", adaptive={"candidates": [NARROW, {"preset": "Spread"}], "minimumGraphs": 2})
    empty.operator.start()
    return empty


def submit(world: World, *names: str) -> None:
    for name in names:
        world.create(name, task("a", seconds=10, shards=4, expectedDuration="10s"), policyName="p")


def ended(world: World, *names: str) -> list[Object]:
    """The status of these graphs, which are submitted at once, at their end."""
    submit(world, *names)
    for name in names:
        world.wait_condition(name, "Complete")
    return [world.status(name) for name in names]


def test_most_graphs_go_to_the_better_candidate_also_after_a_restart(pool: World) -> None:
    first = ended(pool, *(f"first-{number}" for number in range(4)))
    assert Counter(each["strategy"] for each in first) == {"narrow": 2, "Spread": 2}
    for number, each in enumerate(first):
        nodes = {node_of(pod) for pod in pool.pods(f"first-{number}")}
        assert (nodes == {"narrow-0"}) == (each["strategy"] == "narrow")
        (event,) = pool.events("StrategyChosen", f"first-{number}")
        assert event["message"].startswith(f"policy p: {each['strategy']}: each candidate is tried 2 times first")
    (switch,) = pool.until(lambda: pool.events("StrategySwitched", "p"))
    assert switch["message"].startswith("now Spread: expected slowdown ")
    assert "after 2 graphs; narrow " in switch["message"]
    second = ended(pool, *(f"second-{number}" for number in range(4)))
    pool.operator.restart()
    third = ended(pool, *(f"third-{number}" for number in range(4)))
    assert Counter(each["strategy"] for each in second + third)["Spread"] >= 6
    assert sorted(each["outcome"]["number"] for each in first + second + third) == list(range(1, 13))
    pool.run(30)
    status = pool.policy("p")["status"]
    assert status["adaptive"]["counted"] == 12
    assert sum(each["graphs"] for each in status["adaptive"]["candidates"]) == 12
    told: Any = find(status, "Adaptive", "True")
    assert (told["reason"], status["adaptive"]["strategy"]) == ("Preferred", "Spread")
    assert len(pool.events("StrategySwitched", "p")) == 1, "a restart is no switch"


@pytest.mark.parametrize("seconds", [0.02, 0.06, 3.0, 10.05, 10.12])
def test_a_graph_keeps_its_candidate_whenever_the_operator_is_killed(pool: World, seconds: float) -> None:
    pool.api.latency = 0.05
    pool.run(5)
    submit(pool, "g")
    pool.run(seconds)
    pool.operator.restart()
    pool.wait_condition("g", "Complete")
    said = {
        item["status"]["strategy"]
        for _, _, _, item in pool.store.history
        if item["metadata"]["name"] == "g" and item.get("status", {}).get("strategy")
    }
    assert len(said) == 1
    assert ({node_of(pod) for pod in pool.pods("g")} == {"narrow-0"}) == (said == {"narrow"})
    pool.run(30)
    assert pool.policy("p")["status"]["adaptive"]["counted"] == 1


def test_no_pod_before_the_candidate_is_recorded(pool: World) -> None:
    pool.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(403, "Forbidden", "no right"), times=1000)
    submit(pool, "g")
    pool.run(60)
    assert pool.created("g") == []
    pool.api.trouble.forget()
    pool.wait_condition("g", "Complete")
