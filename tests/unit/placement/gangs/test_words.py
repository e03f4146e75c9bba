"""What is said of gangs that wait: one sentence that says how many places are missing, or which domain comes nearest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.model.workload import Gang, GangTopology
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.gangs.drawing import RACK, cluster_of, decider_for, members_of, near
from tests.unit.placement.gangs.reference import Amounts, Place

IN_RACKS = [Place(f"n{n}", f"r{n // 3}", (2, 0), (0, 0)) for n in range(5)]
"""Rack r0 has three nodes, r1 two; each node has room for two requests for one core."""


def said(gang: Gang, members: Sequence[Amounts], places: Sequence[Place] = IN_RACKS, preset: str = "BestFit") -> Decision:
    """The one thing that is said of those that wait."""
    waiting = decider_for(cluster_of(places), compile_preset(preset), *members_of(gang, members)).decide(0.0).waiting
    (found,) = {(each.reason, each.message) for each in waiting}
    assert len(found[1]) < 256
    return Decision(None, None, *found)


@pytest.mark.parametrize("preset", ["BestFit", "IntegerProgram"])
@pytest.mark.parametrize(
    ("gang", "asked", "words"),
    [
        (Gang("g", name="train"), [(2, 0)] * 7, "gang train needs 7 places at once: 5 nodes have room, 2 are missing"),
        (Gang("g", name="train"), [(1, 0)] * 11, "gang train needs 11 places at once: there is room for 10, 1 is missing"),
        (
            Gang("g", 6, name="train"),
            [(2, 0)] * 9,
            "gang train needs 6 of its 9 places at once: 5 nodes have room, 1 is missing",
        ),
        (Gang("g", 4, name="train"), [(2, 0)] * 9, "gang train has 5 of its 9 places"),
        (Gang("g"), [(2, 0)] * 6, "only 5 of the 6 of the gang have a place"),
    ],
)
def test_anywhere(preset: str, gang: Gang, asked: list[Amounts], words: str) -> None:
    found = said(gang, asked, preset=preset)
    if gang.name or preset == "BestFit":
        lacking = f"0/5 nodes: 5 have too little cpu free (0.00{asked[0][0]} asked, at most 0 free)"
        assert found.message == f"{words}; the next one: {lacking}"
    else:
        assert found.message == "no place for all 6 of the gang beside what is worth more"
    assert found.reason is Reason.GANG_INCOMPLETE


LABEL = "(label topology.kubernetes.io/rack)"
FULL = [*IN_RACKS[:3], Place("n3", "r1", (2, 0), (2, 0)), Place("n4", "r1", (2, 0), (1, 0))]
BUSY = [Place(f"n{n}", f"r{n // 3}", (2, 0), (1, 0)) for n in range(5)]


@pytest.mark.parametrize(
    ("gang", "asked", "places", "reason", "words"),
    [
        (
            near(),
            [(1, 0)] * 6,
            BUSY,
            Reason.GANG_INCOMPLETE,
            f"gang train needs 6 places at once: no rack {LABEL} holds all 6: the best, r0, has room for 3",
        ),
        (
            near(4),
            [(1, 0)] * 6,
            BUSY,
            Reason.GANG_INCOMPLETE,
            f"gang train needs 4 of its 6 places at once: no rack {LABEL} holds 4: the best, r0, has room for 3",
        ),
        (
            near(),
            [(2, 0)] * 2,
            BUSY,
            Reason.GANG_INCOMPLETE,
            f"gang train needs 2 places at once: no rack {LABEL} holds all 2: none has room for any",
        ),
        (
            near(),
            [(1, 0)] * 8,
            BUSY,
            Reason.NO_SUCH_NODE,
            f"gang train needs 8 places at once: even empty, no rack {LABEL} holds all 8: "
            "the largest, r0, has room for at most 6",
        ),
        (
            near(),
            [(1, 0)] * 6 + [(2, 0)] * 2,
            BUSY,
            Reason.NO_SUCH_NODE,
            f"gang train needs 8 places at once: even empty, no rack {LABEL} holds all 8: "
            "the largest, r0, has room for at most 6",
        ),
        (
            near(2),
            [(1, 0)] * 4,
            BUSY,
            Reason.GANG_INCOMPLETE,
            f"gang train has 3 of its 4 places: rack r0 {LABEL}, where these are, has no room for more",
        ),
        (
            near(1, beside=("n3",)),
            [(2, 0)] * 2,
            FULL,
            Reason.GANG_INCOMPLETE,
            f"gang train needs 1 of its 2 places: rack r1 {LABEL}, where the others are, has room for 0",
        ),
        (
            near(),
            [(1, 0)],
            [Place("n", "r", (1, 0), (1, 0))],
            Reason.GANG_INCOMPLETE,
            f"gang train needs 1 place: no rack {LABEL} holds it: none has room for any",
        ),
        (
            Gang("g", topology=GangTopology("rack")),
            [(1, 0)] * 2,
            BUSY,
            Reason.NO_SUCH_NODE,
            "the gang needs 2 places at once: no node has the label rack",
        ),
    ],
)
def test_in_one_domain(gang: Gang, asked: list[Amounts], places: list[Place], reason: Reason, words: str) -> None:
    found = said(gang, asked, places)
    assert (found.reason, found.message) == (reason, words)


def test_one_that_only_prefers_a_domain_says_what_is_missing_anywhere() -> None:
    found = said(near(required=False), [(2, 0)] * 6)
    assert found.message.startswith("gang train needs 6 places at once: 5 nodes have room, 1 is missing; the next one: ")


def test_long_names_are_cut() -> None:
    places = [Place("n", "r" * 63, (1, 0), (1, 0))]
    found = said(Gang("g", topology=GangTopology(RACK), name="x" * 500), [(1, 0)] * 2, places)
    assert found.message.startswith("gang " + "x" * 59 + "… needs 2 places at once: ")


def test_a_topology_without_a_label_is_refused() -> None:
    with pytest.raises(ValueError, match="topology: label is empty: it must be the key of a label of nodes"):
        GangTopology("")
