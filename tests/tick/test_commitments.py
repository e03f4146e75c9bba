"""What is decided once: killed at any instant between the decision, its record and the first pod, the run goes the same way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan_operator.conductor.outlook.forecasting import forecast
from bayplan_operator.names import ANNOTATION_SHARDS
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.api.refusal import Refusal
from tests.tick.conftest import begun
from tests.tick.machinery.pods import node_of
from tests.tick.world import World

LATENCY = 0.05
"""Seconds that each request to the API server is under way, and its answer as long."""
NARROW = {
    "name": "narrow",
    "planner": {"name": "Static", "parameters": [{"name": each, "value": "narrow-0"} for each in ("train", "after")]},
}
POLICY: Object = {"adaptive": {"candidates": [NARROW, {"preset": "Spread"}], "minimumGraphs": 1}}


def pool(world: World) -> None:
    """Two nodes, each of which holds two shards, and a policy with one candidate that uses but one of them."""
    world.add_nodes(NodeKind("narrow", 8, "32Gi"), 1)
    world.add_nodes(NodeKind("wide", 8, "32Gi"), 1)
    world.create_policy("p", **POLICY)


def ever(world: World, graph: str, field: str) -> set[str]:
    """All that a field of a graph's status has said."""
    return {
        str(item["status"][field])
        for _, kind, _, item in world.store.history
        if kind == TASK_GRAPH and item["metadata"]["name"] == graph and item.get("status", {}).get(field)
    }


def recorded_before_its_first_pod(world: World, graph: str) -> bool:
    """What was decided stood in the status when the first pod came into being."""
    recorded: set[str] = set()
    for _, kind, _, item in world.store.history:
        if kind == TASK_GRAPH and item["metadata"]["name"] == graph:
            recorded |= item.get("status", {}).keys() & {"shards", "strategy"}
        elif kind == POD and item["metadata"]["labels"].get("bayplan.dev/graph") == graph:
            return recorded == {"shards", "strategy"}
    return False


def submit(world: World, graph: str) -> None:
    """The number of shards depends on the nodes, the candidate on the graphs before: both are others after each restart."""
    fields: dict[str, Any] = {"shards": "Auto", "expectedDuration": "10m", "autoShards": {"startup": "20s", "max": 24}}
    world.create(graph, task("train", cpu="4", seconds=1.0, **fields), task("after", "train", seconds=0.1), policyName="p")


def went_one_way(world: World, graph: str) -> int:
    """How many shards it had."""
    world.wait_condition(graph, "Complete")
    assert recorded_before_its_first_pod(world, graph)
    told = {field: ever(world, graph, field) for field in ("shards", "strategy")}
    assert {field: len(values) for field, values in told.items()} == {"shards": 1, "strategy": 1}, told
    (numbers,), (candidate,) = told.values()
    pods = [pod for pod in world.created(graph) if pod["metadata"]["labels"]["bayplan.dev/task"] == "train"]
    (said,) = {pod["metadata"]["annotations"][ANNOTATION_SHARDS] for pod in pods}
    assert numbers == f"['train={said}']"
    assert len(pods) == int(said), "each shard ran once"
    assert ({node_of(pod) for pod in world.pods(graph, "train")} == {"narrow-0"}) == (candidate == "narrow")
    return int(said)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0.0, 12 * LATENCY), min_size=1, max_size=4), st.booleans())
def test_killed_at_any_instant_a_graph_goes_one_way(kills: list[float], refused: bool) -> None:
    with begun() as world:
        world.loop.takes[forecast] = 60.0  # estimates are not what this is about
        world.api.latency = LATENCY
        pool(world)
        world.operator.start()
        world.run(1.0)
        if refused:
            world.api.trouble.order("PATCH", "/taskgraphs/.*/status$", Refusal(429, "TooManyRequests", "later", retry_after=1))
        submit(world, "g")
        for number, seconds in enumerate(kills):
            world.run(seconds)
            world.operator.kill()
            submit(world, f"other-{number}")
            world.add_nodes(NodeKind(f"more-{number}", 8, "32Gi"), 1)
            world.operator.start()
        went_one_way(world, "g")
        for number in range(len(kills)):
            went_one_way(world, f"other-{number}")


@pytest.mark.parametrize("heard", [True, False], ids=["the watch tells", "the write finds another version"])
@pytest.mark.parametrize("field", ["shards", "strategy"])
def test_what_another_operator_recorded_meanwhile_is_taken_over(empty: World, field: str, heard: bool) -> None:
    pool(empty)
    empty.operator.start()
    empty.run(1.0)
    empty.api.trouble.order("PATCH", "/taskgraphs/g/status$", Refusal(429, "TooManyRequests", "later", retry_after=10))
    submit(empty, "g")
    empty.run(5.0)
    assert empty.status("g") == {}
    if not heard:
        empty.api.watches.paused.add(TASK_GRAPH)
    other = {"shards": ["train=3"], "strategy": "Spread"}[field]
    empty.patch(TASK_GRAPH, "g", {"status": {field: other}}, "status")
    empty.run(10.0)
    empty.api.watches.paused.clear()
    if field == "shards":
        assert went_one_way(empty, "g") == 3
    else:
        went_one_way(empty, "g")
    assert ever(empty, "g", field) == {str(other)}


def test_what_was_recorded_holds_although_the_status_is_edited(empty: World) -> None:
    pool(empty)
    empty.operator.start()
    submit(empty, "g")
    empty.wait_running("g", count=1)
    before = empty.status("g")
    empty.patch(TASK_GRAPH, "g", {"status": {"shards": ["train=2"], "strategy": "Spread"}}, "status")
    empty.wait_condition("g", "Complete")
    after = empty.status("g")
    assert (after["shards"], after["strategy"]) == (before["shards"], before["strategy"])
