"""The stopPolicy HoldAndDrain: what runs in a queue is evicted, and waits until the queue lets it start again."""

from __future__ import annotations

import pytest

from tests.cluster.kube import Object, task
from tests.tick.api.kinds import POD, QUEUE
from tests.tick.machinery.pods import phase
from tests.tick.seen import label
from tests.tick.world import World

MARK = "bayplan.dev/preempted-by"
DRAINED: Object = {"spec": {"stopPolicy": "HoldAndDrain"}}


def drained(world: World, graph: str) -> None:
    world.until(lambda: not world.running(graph), f"nothing of {graph} runs")


def marks(world: World, graph: str) -> set[str]:
    """What the pods of a graph ever said of their eviction."""
    found = (item for _, kind, _, item in world.store.history if kind == POD and label(item, "bayplan.dev/graph") == graph)
    return {item["metadata"]["annotations"][MARK] for item in found if MARK in item["metadata"]["annotations"]}


def test_what_runs_in_the_queue_and_below_is_evicted_and_waits_again(world: World) -> None:
    world.create_queue("lab")
    world.create_queue("team", parentName="lab")
    world.create_queue("other")
    for name, queue in (("a", "lab"), ("b", "team"), ("c", "other")):
        world.create(name, task("t", shards=2, seconds=60), queueName=queue, retry={"limit": 0})
        world.wait_running(name, count=2)
    world.run(5)
    world.patch(QUEUE, "lab", DRAINED)
    drained(world, "a")
    drained(world, "b")
    assert len(world.running("c")) == 2
    assert (marks(world, "a"), marks(world, "b"), marks(world, "c")) == ({"queue lab"}, {"queue lab"}, set())
    world.run(30)
    assert "lets nothing start" in (world.condition("b", "Waiting", "True") or {})["message"]
    lines = world.status("b")["evictions"]
    assert [line.split()[:2] for line in lines] == [["t/0", "1"], ["t/1", "1"]]
    assert world.lines("b")["t"] == "Ready 1/0 | Ready 1/0", "no retry is spent"
    (event,) = world.events("Preempted", "b")
    assert event["message"].startswith("task t: 2 shards: "), "one event tells of both"
    assert "since the stopPolicy of queue lab is HoldAndDrain (Preempted)" in event["message"]
    assert event["type"] == "Normal"
    assert world.rise("bayplan_evictions_total", cause="HoldAndDrain") == 4
    world.patch(QUEUE, "lab", {"spec": {"stopPolicy": "None"}})
    for name in ("a", "b"):
        world.wait_condition(name, "Complete")
        assert len(world.created(name)) == 4
        assert world.status(name).get("evictions", []) == []


def test_pods_have_their_grace_but_no_more_than_the_queue_gives(world: World) -> None:
    world.kubelets.ending = 1000.0
    world.create_queue("q", preemption={"maxGrace": "7s"})
    world.create("patient", task("t", seconds=600, pod={"terminationGracePeriodSeconds": 20}), queueName="q")
    world.create("brief", task("t", seconds=600, pod={"terminationGracePeriodSeconds": 3}), queueName="q")
    world.wait_running("patient")
    world.wait_running("brief")
    world.patch(QUEUE, "q", DRAINED)
    world.run(2.5)
    assert len(world.running("brief")) == 1
    world.run(1)
    assert len(world.running("brief")) == 0
    world.run(3)
    assert len(world.running("patient")) == 1
    world.run(1)
    assert len(world.running("patient")) == 0


def test_a_gang_is_drained_whole_and_starts_again_whole(world: World) -> None:
    world.create_queue("q")
    world.create("g", task("train", shards=3, seconds=30, gang={}), queueName="q", retry={"limit": 0})
    world.wait_running("g", count=3)
    world.patch(QUEUE, "q", DRAINED)
    drained(world, "g")
    world.run(5)
    assert world.lines("g")["train"] == "Ready 1/0 | Ready 1/0 | Ready 1/0"
    assert [line.split()[:2] for line in world.status("g")["evictions"]] == [[f"train/{shard}", "1"] for shard in range(3)]
    world.patch(QUEUE, "q", {"spec": {"stopPolicy": "None"}})
    world.wait_condition("g", "Complete")
    assert len(world.created("g")) == 6


def test_what_ends_well_within_its_grace_has_succeeded(world: World) -> None:
    world.kubelets.ending = 10.0
    world.create_queue("q")
    world.create("g", task("t", seconds=600), queueName="q")
    (pod,) = world.wait_running("g")
    world.patch(QUEUE, "q", DRAINED)
    world.run(1)
    done = {"phase": "Succeeded", "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": 0}}}]}
    world.patch(POD, pod["metadata"]["name"], {"status": done}, "status")
    world.wait_condition("g", "Complete")
    assert world.status("g").get("evictions", []) == []


@pytest.mark.parametrize("moment", [0.0, 0.04, 0.09, 0.11, 0.15, 0.19, 0.21, 0.25, 0.31, 0.45, 0.6, 1.0])
def test_an_operator_that_is_killed_while_it_drains_goes_on(world: World, moment: float) -> None:
    """Between the mark, the deletion and the record."""
    world.create_queue("q")
    world.create("g", task("t", shards=3, seconds=30), queueName="q", retry={"limit": 0})
    world.wait_running("g", count=3)
    world.run(5)
    world.api.latency = 0.1
    world.patch(QUEUE, "q", DRAINED)
    world.run(moment)
    world.operator.restart()
    drained(world, "g")
    world.run(10)
    assert world.lines("g")["t"] == "Ready 1/0 | Ready 1/0 | Ready 1/0"
    assert [line.split()[1] for line in world.status("g")["evictions"]] == ["1", "1", "1"]
    world.patch(QUEUE, "q", {"spec": {"stopPolicy": "None"}})
    world.wait_condition("g", "Complete")
    assert set(world.made().values()) == {1}
    assert len(world.created("g")) == 6
    assert all(phase(pod) == "Succeeded" for pod in world.pods("g") if label(pod, "bayplan.dev/incarnation") == "2")
