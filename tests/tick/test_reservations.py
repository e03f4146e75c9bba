"""Reservations: a large request starts although small ones stream in, and what it was promised outlives the operator."""

from __future__ import annotations

import pytest

from bayplan_operator.conductor.queueing.run_times import TellRunTimes
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.api.kinds import TASK_GRAPH
from tests.tick.world import World

EIGHT = NodeKind("eight", 8, "64Gi")
SECONDS = 20
"""That a small task runs; it is stopped after a few more."""
BOUND = {"activeDeadlineSeconds": SECONDS + 5}


def stream(world: World, seconds: int, first: int = 0) -> None:
    """Small tasks that would keep all cores busy, one every two seconds."""
    for number in range(first, first + seconds // 2):
        world.loop.after(2.0 * (number - first), small, world, number)


def small(world: World, number: int) -> None:
    world.create(f"small-{number}", task("a", seconds=SECONDS, cpu="1", pod=BOUND), queueName="q")


def gang(world: World) -> None:
    world.create("gang", task("train", seconds=10, cpu="4", shards=2, gang={}, pod=BOUND), queueName="q")


def begun(empty: World, reserve: int) -> World:
    empty.add_nodes(EIGHT, 1)
    empty.operator.start()
    empty.create_queue("q", reserve=reserve)
    stream(empty, 200)
    empty.run(30)
    gang(empty)
    return empty


def record(world: World) -> list[float]:
    """The instant, when it was made, the first instant, the chance, renewals, overrun."""
    (line,) = world.until(lambda: world.status("gang").get("reservations"), "a reservation in the status")
    name, *numbers = line.split()
    assert name == "train/0"
    return list(map(float, numbers))


def waiting(world: World, graph: str) -> Object:
    found = world.condition(graph, "Waiting", "True")
    assert found is not None
    return found


@pytest.mark.parametrize("reserve", [0, 1])
def test_a_gang_starts_although_small_tasks_stream_in_only_with_a_reservation(empty: World, reserve: int) -> None:
    world = begun(empty, reserve)
    world.run(100)
    assert bool(world.created("gang")) is bool(reserve)
    assert "reservations" not in world.status("gang") or not world.status("gang")["reservations"]


def test_what_is_kept_out_says_for_whom_without_naming_others(empty: World) -> None:
    world = begun(empty, 1)
    record(world)
    names = [each["metadata"]["name"] for each in world.store.all(TASK_GRAPH) if each["metadata"]["name"] != "gang"]

    def reserved() -> list[str]:
        return [name for name in names if world.status(name).get("waiting", "").startswith("Reserved")]

    kept = world.until(reserved, "a graph that is kept out says so")
    said = waiting(world, kept[0])["message"]
    assert "there is room, and it is kept for 1 request ahead until" in said
    assert "gang" not in said


def test_a_reservation_outlives_the_operator(empty: World) -> None:
    world = begun(empty, 1)
    at, made, first, *_ = record(world)
    world.run(3)
    world.operator.kill()
    world.run(2)
    world.operator.start()
    world.run(3)
    again = record(world)
    assert again[0] <= at
    assert again[1:3] == [made, first]
    started = world.until(lambda: world.created("gang"), "the gang starts")
    began = world.seconds(started[0]["metadata"]["creationTimestamp"])
    assert world.loop.clock() - world.loop.passed + began <= at + 1
    world.wait_condition("gang", "Complete")
    assert not world.status("gang").get("reservations")


def test_what_runs_is_known_with_its_run_time(empty: World) -> None:
    """Also what an earlier process has started, once, and not at every tick."""
    world = begun(empty, 1)
    world.run(5)
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        original = TellRunTimes._tell

        def counting(self: TellRunTimes, graphs: object) -> None:
            graphs = list(graphs)  # type: ignore[call-overload]
            told.extend(each.ref.name for each in graphs)
            original(self, graphs)

        patch.setattr(TellRunTimes, "_tell", counting)
        world.operator.restart()
        world.run(2)
        assert world.operator.view is not None
        cluster = world.operator.view.cluster
        laws = {key: each.tenant.run for key, each in cluster.occupants("eight-0").items() if each.tenant is not None}
        assert len(laws) == 8
        assert all(law is not None and law.most == SECONDS + 5 for law in laws.values())
        began = len(told)
        world.run(1)
        assert len(told) - began < 5
