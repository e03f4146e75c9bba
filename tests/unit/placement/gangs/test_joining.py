"""Members that join later, and gangs that wait until something changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, GangTopology, NodeInfo
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.wish import Wish
from tests.unit.placement.gangs.drawing import RACK, cluster_of, decider_for, members_of, near, relabelled
from tests.unit.placement.gangs.reference import Place

SOME = pytest.mark.parametrize("preset", ["BestFit", "Spread", "IntegerProgram", "RoundRobin", "Random", "Auto", "Genetic"])
RACKS = [Place(f"n{n}", f"r{n // 2}", (4, 0), (0, 0)) for n in range(6)]
"""Three racks of two nodes with one place each."""


def nodes(decisions: tuple[Decision, ...]) -> set[str | None]:
    return {each.node for each in decisions}


def act(decider: Decider, on: Cluster) -> tuple[Decision, ...]:
    """Decide, and have what was placed occupy its nodes."""
    outcome = decider.decide(0.0)
    for each in outcome.placements:
        on.occupy(each.request_id, each.node or "", {"cpu": 4})
    return outcome.placements


@SOME
def test_what_waits_of_a_gang_goes_where_its_first_are(preset: str) -> None:
    """There is room for it elsewhere the whole time."""
    on = cluster_of(RACKS)
    for name in ("n1", "n3", "n5"):
        on.occupy(name, name, {"cpu": 4})
    on.vacate("n5")
    decider = decider_for(on, compile_preset(preset), *members_of(near(2), [(4, 0)] * 3))
    assert nodes(act(decider, on)) == {"n4", "n5"}
    (waits,) = decider.wishes.values()
    assert waits.request.gang is not None
    assert sorted(waits.request.gang.beside) == ["n4", "n5"]
    assert not act(decider, on)
    on.set_node(NodeInfo("n9", {"cpu": 4}, {RACK: "r1"}))
    assert not act(decider, on)
    on.set_node(NodeInfo("n8", {"cpu": 4}, {RACK: "r2"}))
    assert nodes(act(decider, on)) == {"n8"}


def test_those_that_still_wait_know_of_all_that_were_placed() -> None:
    on = cluster_of([Place(f"n{n}", "r", (4, 0), (0, 0)) for n in range(3)])
    on.occupy("other", "n2", {"cpu": 4})
    decider = decider_for(on, compile_preset("BestFit"), *members_of(near(2), [(4, 0)] * 4))
    assert nodes(act(decider, on)) == {"n0", "n1"}
    on.vacate("other")
    assert nodes(act(decider, on)) == {"n2"}
    (waits,) = decider.wishes.values()
    assert waits.request.gang is not None
    assert waits.request.gang.beside == ("n0", "n1", "n2")


def test_the_member_that_knows_most_says_where_the_others_are() -> None:
    """As if one was wanted again before the others."""
    on = cluster_of(RACKS)
    first, second = members_of(near(1), [(4, 0)] * 2)
    second = replace(second, gang=near(1, beside=("n4",)))
    assert nodes(decider_for(on, compile_preset("BestFit"), first, second).decide(0.0).placements) == {"n4", "n5"}


@SOME
def test_a_member_that_joins_stays_in_the_domain_or_waits(preset: str) -> None:
    on, strategy = cluster_of(RACKS), compile_preset(preset)
    joining = members_of(near(1, beside=("n2",)), [(4, 0)])
    on.occupy("running", "n2", {"cpu": 4})
    assert nodes(decider_for(on, strategy, *joining).decide(0.0).placements) == {"n3"}
    on.occupy("other", "n3", {"cpu": 4})
    (said,) = decider_for(on, strategy, *joining).decide(0.0).waiting
    assert said.reason is Reason.GANG_INCOMPLETE
    assert said.message == (
        "gang train needs 1 place: rack r1 (label topology.kubernetes.io/rack), where the others are, has room for 0"
    )
    preferring = members_of(near(1, required=False, beside=("n2",)), [(4, 0)])
    assert len(decider_for(on, strategy, *preferring).decide(0.0).placements) == 1


def test_those_that_prefer_a_domain_join_it_as_far_as_it_has_room() -> None:
    on = cluster_of([*RACKS, Place("n6", None, (4, 0), (0, 0))])
    on.occupy("running", "n2", {"cpu": 4})
    gang = near(1, required=False, beside=("n2",))
    found = decider_for(on, compile_preset("Spread"), *members_of(gang, [(4, 0)] * 2)).decide(0.0)
    assert "n3" in nodes(found.placements)
    assert nodes(found.placements) & {"n0", "n1", "n4", "n5"}


def test_members_that_run_count_towards_the_minimum() -> None:
    assert [Gang("g", 4, beside=("a",) * running).least(3) for running in range(6)] == [3, 3, 2, 1, 1, 1]
    assert Gang("g").least(3) == 3
    on = cluster_of([Place("a", None, (4, 0), (0, 0))])
    requests = members_of(Gang("g", 3, beside=("b", "c", "d")), [(4, 0)] * 3)
    assert len(decider_for(on, compile_preset("BestFit"), *requests).decide(0.0).placements) == 1


@pytest.mark.parametrize(
    "beside", [("gone",), ("bare",), ("gone", "bare")], ids=["node is gone", "node has no such label", "both"]
)
def test_a_node_that_says_nothing_leaves_all_domains_open(beside: tuple[str, ...]) -> None:
    on = cluster_of([Place("bare", None, (9, 0), (0, 0)), Place("n", "r", (4, 0), (0, 0))])
    requests = members_of(near(beside=beside), [(4, 0)])
    assert nodes(decider_for(on, compile_preset("BestFit"), *requests).decide(0.0).placements) == {"n"}


@SOME
@pytest.mark.parametrize("change", ["label", "node", "uncordon", "ready", "freed", "dropped"])
def test_a_gang_that_waits_is_asked_about_again_once_it_could_start(preset: str, change: str) -> None:
    """One rack has a place too few."""
    on, strategy = cluster_of([RACKS[0], RACKS[2]]), compile_preset(preset)
    third = NodeInfo("n1", {"cpu": 4}, {RACK: "r9" if change == "label" else "r0"})
    blocked = {"uncordon": replace(third, unschedulable=True), "ready": replace(third, ready=False), "node": None}
    before = blocked.get(change, third)
    if before is not None:
        on.set_node(before)
    if change == "freed":
        on.occupy("other", "n1", {"cpu": 4})
    number = 3 if change == "dropped" else 2
    decider = decider_for(on, strategy, *members_of(near(), [(4, 0)] * number))
    assert not decider.decide(0.0).placements
    assert not decider.decide(1.0).placements
    match change:
        case "label":
            relabelled(on, "n1", "r0")
        case "freed":
            on.vacate("other")
        case "dropped":
            decider.update(Changes(dropped=(("train", 2),)))
        case _:
            on.set_node(third)
    assert nodes(decider.decide(2.0).placements) == {"n0", "n1"}


def test_a_gang_that_may_be_in_another_topology_from_now_on_is_asked_about_again() -> None:
    on, strategy = cluster_of(RACKS), compile_preset("BestFit")
    decider = decider_for(on, strategy, *members_of(near(), [(4, 0)] * 3))
    assert not decider.decide(0.0).placements
    anywhere = members_of(Gang("train", topology=GangTopology(RACK, required=False), name="train"), [(4, 0)] * 3)
    decider.update(Changes(tuple(Wish(each, strategy, "p") for each in anywhere)))
    assert len(decider.decide(1.0).placements) == 3
