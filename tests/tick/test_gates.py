"""Scheduling gates that another program puts on pods: told by name, and in nobody's way."""

from __future__ import annotations

import random

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import POD
from tests.tick.machinery.pods import node_of
from tests.tick.world import World

GATE = "queue.example/admission"
SMALL = NodeKind("small", 4, "8Gi")


@pytest.fixture
def queued(empty: World) -> World:
    """One node of 4 cores, and a webhook that gates the pods of graphs whose names begin with "queued"."""
    empty.add_nodes(SMALL, 1)
    empty.store.webhooks.append(gated)
    empty.operator.start()
    return empty


def gated(pod: Object) -> Object:
    if not pod["metadata"]["labels"]["bayplan.dev/graph"].startswith("queued"):
        return pod
    return {**pod, "spec": {**pod["spec"], "schedulingGates": [{"name": GATE}]}}


def let_go(world: World, graph: str) -> None:
    """The queue takes its gate off all pods that there are."""
    for pod in world.pods(graph):
        if pod["spec"].get("schedulingGates"):
            world.patch(POD, pod["metadata"]["name"], {"spec": {"schedulingGates": None}})


def test_the_gate_that_pods_wait_for_is_named(queued: World) -> None:
    queued.create("queued", task("part", shards=2, cpu="2", seconds=5))
    waiting = queued.wait_condition("queued", "Waiting")
    assert waiting["reason"] == "SchedulingGated"
    assert waiting["message"] == (
        "SchedulingGated: task part (and 1 more): its pod for node small-0 waits until scheduling gate "
        "queue.example/admission is taken off"
    )
    assert (queued.status("queued")["waiting"], queued.status("queued")["summary"]) == ("SchedulingGated 2", "Waiting")
    let_go(queued, "queued")
    queued.wait_running("queued", count=2)
    queued.wait_condition("queued", "Waiting", "False")
    assert queued.status("queued")["summary"] == "Running"
    queued.wait_condition("queued", "Complete")
    assert queued.lines("queued")["part"].count("Succeeded 1/0") == 2, "the pods that were gated ran where they were meant to"


def test_gated_pods_hold_room_only_for_a_while(queued: World) -> None:
    queued.create("queued", task("part", shards=4, cpu="2", seconds=5))
    queued.until(lambda: len(queued.pods("queued")) == 2)
    queued.create("beside-it", task("part", cpu="2", seconds=5))
    queued.run(5)
    assert queued.condition("beside-it", "Waiting", "True")["reason"] == "NoCapacity"  # type: ignore[index]
    queued.wait_condition("beside-it", "Complete")
    assert queued.loop.passed < 40
    let_go(queued, "queued")
    for _ in range(6):
        queued.run(5)
        let_go(queued, "queued")
    queued.wait_condition("queued", "Complete")


def test_the_next_operator_counts_no_room_for_what_is_gated_either(queued: World) -> None:
    queued.create("queued", task("part", shards=2, cpu="2", seconds=5))
    queued.run(15)
    queued.operator.restart()
    queued.create("beside-it", task("part", cpu="4", seconds=5))
    queued.wait_condition("beside-it", "Complete")
    assert queued.condition("queued", "Waiting", "True")["reason"] == "SchedulingGated"  # type: ignore[index]


def test_what_was_gated_and_finds_its_node_taken_is_taken_back_and_runs_later(queued: World) -> None:
    queued.create("queued", task("part", shards=2, cpu="2", seconds=5))
    queued.run(11)
    queued.create("long", task("part", cpu="4", seconds=60))
    queued.wait_running("long")
    let_go(queued, "queued")
    queued.store.webhooks.clear()
    queued.until(lambda: not queued.pods("queued"), "both are taken back")
    assert "NoCapacity" in queued.wait_condition("queued", "Waiting")["message"]
    queued.wait_condition("queued", "Complete")
    assert queued.lines("queued")["part"].count("/0") == 2, "that costs no retry"


@pytest.mark.parametrize("seed", range(6))
def test_gates_that_come_and_go_lose_nothing_and_no_node_is_over_committed(empty: World, seed: int) -> None:
    draw = random.Random(seed)
    empty.add_nodes(SMALL, draw.randint(1, 3))
    empty.store.webhooks.append(lambda pod: gated(pod) if draw.random() < 0.7 else pod)
    empty.operator.start()
    for graph in ("queued-a", "queued-b", "free"):
        empty.create(graph, task("part", shards=draw.randint(2, 6), cpu=str(draw.choice((1, 2))), seconds=draw.randint(2, 9)))

    for _ in range(100):
        empty.run(draw.choice((1, 4, 12)))
        for pod in empty.pods():
            if pod["spec"].get("schedulingGates") and draw.random() < 0.5:
                empty.patch(POD, pod["metadata"]["name"], {"spec": {"schedulingGates": None}})
        for name in {node_of(pod) for pod in empty.running()}:
            there = [pod for pod in empty.running() if node_of(pod) == name]
            assert sum(int(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]) for pod in there) <= 4
        if all(empty.condition(graph, "Complete") for graph in ("queued-a", "queued-b", "free")):
            break
    for graph in ("queued-a", "queued-b", "free"):
        assert empty.condition(graph, "Complete"), empty.told()
    assert set(empty.made().values()) == {1}
