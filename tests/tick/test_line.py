"""What graphs that wait say of themselves: where they stand in the line, and when they are expected to start."""

from __future__ import annotations

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.world import World

EIGHT = NodeKind("eight", 8, "64Gi")
BOUND = {"activeDeadlineSeconds": 100}


def full(empty: World) -> World:
    """One node that is full for 60 s, and two queues."""
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create_queue("q", ageing={"perHour": 3600, "ceiling": 10}, reserve=1)
    empty.create_queue("r")
    empty.create("old", task("a", seconds=60, cpu="8", pod=BOUND), queueName="q")
    empty.wait_running("old")
    return empty


def place(world: World, name: str) -> Object:
    def look() -> Object | None:
        found = world.status(name)
        return found if found.get("position") else None

    return world.until(look, f"the position of {name}")


def test_a_graph_says_where_it_stands_and_when_it_starts(empty: World) -> None:
    world = full(empty)
    world.create("first", task("a", seconds=10, cpu="8", pod=BOUND), queueName="q", priority=7)
    world.create("second", task("a", seconds=10, cpu="8", pod=BOUND), queueName="q")
    world.create("third", task("a", seconds=10, cpu="8"), queueName="r")
    world.run(8)
    first, second, third = (place(world, name) for name in ("first", "second", "third"))
    assert [each["position"] for each in (first, second, third)] == [1, 2, 3]
    assert [each["ahead"] for each in (first, second)] == ["no graph is ahead", "1 graph of this namespace is ahead"]
    assert first["points"]["priority"] == 7
    assert 0 < float(first["points"]["age"]) <= 10
    assert "share" not in first["points"]
    start = first["expectedStart"]
    assert start["basis"] == "Reservation"
    assert world.seconds(start["p90"]) == pytest.approx(100, abs=2), "by then it is stopped"
    assert world.seconds(start["p50"]) <= world.seconds(start["p90"])
    assert second["expectedStart"]["basis"] == "PredictedEnds"
    assert world.seconds(second["expectedStart"]["p90"]) > world.seconds(start["p90"])
    world.wait_running("first")
    world.run(1)
    status = world.status("first")
    assert not any(status.get(field) for field in ("position", "ahead", "points", "expectedStart"))
    world.wait_condition("third", "Complete")


def test_what_waits_keeps_its_age_over_a_restart(empty: World) -> None:
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create_queue("q", ageing={"perHour": 3600, "ceiling": 1000})
    empty.create("old", task("a", seconds=600, cpu="6"), queueName="q")
    empty.wait_running("old")
    empty.create("one", task("a", cpu="8"), queueName="q")
    empty.create("two", task("a", seconds=20, cpu="2"), task("b", "a", cpu="8"), queueName="q")
    empty.wait_running("two")
    empty.wait_condition("one", "Accepted")
    empty.run(60)
    empty.operator.kill()
    empty.run(20)
    empty.operator.start()
    empty.run(40)
    one, two = (float(place(empty, name)["points"]["age"]) for name in ("one", "two"))
    assert one >= 80
    assert 50 <= two <= one - 15, "since its first task had ended"


def test_other_namespaces_are_counted_and_not_named(empty: World) -> None:
    world = full(empty)
    for namespace in ("alpha", "beta", "beta", "test"):
        name = f"g{len(world.store.all(TASK_GRAPH))}"
        world.create(name, task("a", seconds=10, cpu="8", pod=BOUND), namespace=namespace, queueName="q")
        world.run(0.1)
    world.create("mine", task("a", seconds=10, cpu="8", pod=BOUND), queueName="q")
    world.run(8)
    said = place(world, "mine")
    assert said["ahead"] == "1 graph of this namespace and 3 graphs of 2 other namespaces are ahead"
    assert not {"alpha", "beta"} & set(str(said).replace("'", " ").split())


def test_what_is_not_known_is_said_so(empty: World) -> None:
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create("old", task("a", seconds=60, cpu="8"))
    empty.wait_running("old")
    empty.create("next", task("a", seconds=10, cpu="8"))
    start = place(empty, "next")["expectedStart"]
    assert start["unknown"] == "it is not known how long what holds the room, or waits ahead, will run"
    assert "p50" not in start
    assert "p90" not in start


def test_positions_alone_are_written_at_most_ten_times_a_second(empty: World) -> None:
    world = full(empty)
    for number in range(40):
        world.create(f"w{number:02}", task("a", seconds=300, cpu="8", pod=BOUND), queueName="q")
    world.run(30)
    place(world, "w39")
    before = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in world.store.all(TASK_GRAPH)}
    world.delete(TASK_GRAPH, "w00")
    began = world.loop.time()
    writes: list[float] = []

    def changed(change: object) -> None:
        _, kind, what, item = change  # type: ignore[misc]
        if kind == TASK_GRAPH and what == "MODIFIED" and item["metadata"]["name"] > "w03":
            writes.append(world.loop.time() - began)

    world.store.listeners.append(changed)
    world.run(12)
    assert max(sum(at <= each < at + 1 for each in writes) for at in range(12)) <= 12
    assert world.status("w03")["position"] in (3, 4)
    assert before


@pytest.mark.parametrize("preset", ["Auto", "BestFit"])
def test_a_gang_that_is_larger_than_its_queue_is_told_so_at_once(empty: World, preset: str) -> None:
    empty.create_policy("p", preset=preset)
    empty.add_nodes(EIGHT, 4)
    empty.operator.start()
    empty.create_queue("vision", {"resource": "cpu", "nominal": 8})
    empty.create("big", task("train", seconds=10, cpu="2", shards=6, gang={}), queueName="vision", policyName="p")
    empty.run(3)
    said = empty.condition("big", "Waiting", "True")
    assert said is not None
    assert said["reason"] == "QuotaExceeded"
    assert "gang big/train of 6 asks for 12 of cpu at once, and queue vision may never hold more than 8" in said["message"]
    found = [each for each in empty.queue("vision")["status"]["conditions"] if each["type"] == "Sufficient"]
    assert [each["reason"] for each in found] == ["QuotaTooSmall"]


def test_shares_of_queues_without_a_parent_are_compared_where_that_is_set() -> None:
    world = World(queue_half_life=100.0)
    try:
        world.create_policy("default", preset="BestFit")
        world.add_nodes(EIGHT, 1)
        world.operator.start()
        for name in "xy":
            world.create_queue(name)
        world.create("x0", task("a", seconds=50, cpu="8"), queueName="x")
        world.wait_running("x0")
        world.create("x1", task("a", seconds=10, cpu="8"), queueName="x")
        world.run(1)
        world.create("y0", task("a", seconds=10, cpu="8"), queueName="y")
        world.wait_running("y0")
        assert not world.created("x1"), "though it came first"
        assert float(world.queue("x")["status"]["share"]) > 0
    finally:
        world.close()
