"""`bayplan plan` says beforehand which place a graph then takes in the line."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan_operator.cli.work.cluster_copy.copy import Copy
from bayplan_operator.cli.work.line.standing import places_of_mine
from tests.cluster.kube import Object, task
from tests.tick.test_line import BOUND, full, place
from tests.tick.test_planned_evictions import asked, situation, spec
from tests.tick.world import World


def planned(world: World, *graphs: tuple[str, Object]) -> dict[str, dict[str, Any]]:
    """By namespace and name, as a status would say it."""
    before, now = world.store.version, world.loop.clock()
    found = places_of_mine(Copy(situation(world), asked(world, *graphs), now), now)
    assert world.store.version == before, "nothing is written"
    return {name: each.fields() for name, each in found.items()}


def one() -> Object:
    return task("a", seconds=10, cpu="8", pod=BOUND)


def test_the_graph_takes_the_place_that_was_planned(empty: World) -> None:
    world = full(empty)
    world.create("first", one(), queueName="q", priority=7)
    world.create("other", one(), namespace="alpha", queueName="q", priority=6)
    world.create("last", one(), queueName="q", priority=-20)
    world.run(8)
    found = planned(world, ("new", spec(one(), queueName="q", priority=5)))["test/new"]
    assert (found["position"], found["points"]) == (3, {"priority": 5, "age": "0"})
    assert found["ahead"] == "1 graph of this namespace and 1 graph of 1 other namespace are ahead"
    world.create("new", one(), queueName="q", priority=5)
    world.run(8)
    said = place(world, "new")
    assert (said["position"], said["ahead"]) == (found["position"], found["ahead"])
    assert found["expectedStart"].keys() == {"basis", "p50", "p90"}
    for part in ("p50", "p90"):
        told = world.seconds(said["expectedStart"][part])
        assert world.seconds(found["expectedStart"][part]) == pytest.approx(told, abs=0.15 * told)


def test_what_has_waited_longer_is_ahead_by_its_age(empty: World) -> None:
    world = full(empty)
    world.create_queue("aged", ageing={"perHour": 3600, "ceiling": 20})
    world.create("patient", one(), queueName="aged")
    world.run(12)
    graphs = ("low", spec(one(), queueName="aged", priority=10)), ("high", spec(one(), queueName="aged", priority=30))
    found = planned(world, *graphs)
    assert {name: each["position"] for name, each in found.items()} == {"test/low": 3, "test/high": 1}
    assert found["test/low"]["ahead"] == "2 graphs of this namespace are ahead"


def test_what_is_promised_in_the_cluster_is_promised_in_a_plan(empty: World) -> None:
    world = full(empty)
    world.create("first", one(), queueName="q")
    world.run(8)
    promised = place(world, "first")["expectedStart"]
    now = world.loop.clock()
    copy = Copy(situation(world), asked(world), now)
    copy.mine = list(copy.graphs)
    found = places_of_mine(copy, now)["test/first"].fields()["expectedStart"]
    assert found["basis"] == promised["basis"] == "Reservation"
    assert found["p90"] == promised["p90"]


def test_a_whole_graph_has_its_place_too(empty: World) -> None:
    world = full(empty)
    world.create("first", one(), queueName="q", priority=7)
    world.run(8)
    assert planned(world, ("new", spec(one(), queueName="q", admission="Graph")))["test/new"]["position"] == 2


def test_a_graph_that_may_not_start_has_no_place(empty: World) -> None:
    world = full(empty)
    now = world.loop.clock()
    copy = Copy(situation(world), asked(world, ("new", spec(one(), queueName="nowhere"))), now)
    assert places_of_mine(copy, now) == {}
    assert any("nowhere" in each for each in copy.held_back)
