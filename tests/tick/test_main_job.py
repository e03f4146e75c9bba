"""A graph from its creation to its end, and what people can see of it."""

from __future__ import annotations

from tests.cluster.kube import task
from tests.tick.seen import label
from tests.tick.world import World


def test_a_graph_runs_in_order_and_says_so(world: World) -> None:
    world.create("g", task("first"), task("side", "first", shards=3), task("last", "side"))
    world.wait_condition("g", "Complete")
    status = world.status("g")
    assert status["progress"] == "3/3"
    assert status["summary"] == "Succeeded"
    assert status["observedGeneration"] == 1
    assert [line.split()[1] for line in status["tasks"]] == ["Succeeded"] * 3
    order = [label(pod, "bayplan.dev/task") for pod in world.created("g")]
    assert order == ["first", "side", "side", "side", "last"]
