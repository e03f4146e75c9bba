"""Gangs in one domain, with every planner, held to what trying everything finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.presets import PRESETS, compile_preset
from tests.unit.placement.gangs.drawing import ASKED, MEMBERS, PLACES, cluster_of, decider_for, members_of, near
from tests.unit.placement.gangs.reference import Amounts, Place, most, racks, right

MINIMUM = st.sampled_from((None, None, 1, 2, 3))
EVERY = st.sampled_from(list(PRESETS))


def decided(places: Sequence[Place], members: Sequence[Amounts], preset: str, **gang: object) -> list[Decision]:
    """What a decider says of each member. The cluster is left as it was."""
    on = cluster_of(places)
    used = on.used.copy()
    requests = members_of(near(**gang), members)  # type: ignore[arg-type]
    outcome = decider_for(on, compile_preset(preset), *requests).decide(0.0)
    assert (on.used == used).all()
    found = {each.request_id: each for each in (*outcome.placements, *outcome.waiting)}
    return [found[each.id] for each in requests]


def check(places: Sequence[Place], members: Sequence[Amounts], found: Sequence[Decision]) -> list[Place]:
    """Nothing is over-committed; the nodes that were given."""
    by_name = {each.name: each for each in places}
    given_ = [by_name[each.node] for each in found if each.node is not None]
    for place in set(given_):
        there = [members[n] for n, each in enumerate(found) if each.node == place.name]
        assert all(sum(each[kind] for each in there) <= place.free[kind] for kind in range(2))
    assert all((each.node is None) == (each.reason is not None) and len(each.message) < 256 for each in found)
    return given_


@settings(max_examples=100, deadline=None)
@given(PLACES, MEMBERS, MINIMUM, EVERY, st.lists(st.integers(0, 4), max_size=3))
def test_a_gang_is_in_the_right_domain_or_waits(
    places: list[Place], members: list[Amounts], minimum: int | None, preset: str, running: list[int]
) -> None:
    """The smallest that holds all; else, of an elastic gang, the one that holds most. It waits only where none holds enough."""
    beside = tuple(places[n % len(places)].name for n in running)
    found = decided(places, members, preset, minimum=minimum, beside=beside)
    given_ = check(places, members, found)
    least = near(minimum, beside=beside).least(len(members))
    rack, held = right(places, members, least, beside)
    assert len(given_) == held
    assert {each.rack for each in given_} <= {rack}


@settings(max_examples=100, deadline=None)
@given(PLACES, ASKED, st.integers(1, 5), MINIMUM, EVERY)
def test_a_gang_that_prefers_one_domain(
    places: list[Place], asked: Amounts, number: int, minimum: int | None, preset: str
) -> None:
    """One domain where one holds as many as anywhere; otherwise wherever most have room, of few domains if all have."""
    members = [asked] * number
    found = decided(places, members, preset, minimum=minimum, required=False)
    given_ = check(places, members, found)
    room = most(places, members)
    assert len(given_) == (room if room >= near(minimum).least(number) else 0)
    if not given_:
        return
    per_rack = {rack: most(of, members) for rack, of in racks(places).items()}
    one = max(per_rack.values(), default=0)
    if one >= len(given_):
        rack, held = right(places, members, 1)
        assert (held, {each.rack for each in given_}) == (len(given_), {rack})
    elif len(given_) == number <= sum(per_rack.values()):
        fewest, sums = 0, 0
        for each in sorted(per_rack.values(), reverse=True):
            fewest, sums = fewest + 1, sums + each
            if sums >= number:
                break
        assert len({each.rack for each in given_}) <= fewest
        assert None not in {each.rack for each in given_}


@pytest.mark.parametrize("scorer", ["BestFit", "Spread"])
def test_stages_for_which_only_one_way_leads_to_a_place(scorer: str) -> None:
    """By critical path the small ones go first, and would leave no node to the large one."""
    places = [Place("a", "r1", (8, 0), (0, 0)), Place("b", "r1", (8, 0), (0, 0))]
    on = cluster_of(places)
    strategy = compile_strategy(["CriticalPath"], [Named(scorer)], Named("Greedy"))
    members = members_of(near(), [(4, 0), (4, 0), (8, 0)])
    requests = [replace(each, critical_path=float(9 - n)) for n, each in enumerate(members)]
    outcome = decider_for(on, strategy, *requests).decide(0.0)
    assert len(outcome.placements) == 3


def test_no_domain_at_all() -> None:
    found = decided([Place("a", None, (8, 0), (0, 0))], [(1, 0)] * 2, "BestFit")
    assert {each.reason for each in found} == {Reason.NO_SUCH_NODE}
    assert found[0].message == "gang train needs 2 places at once: no node has the label topology.kubernetes.io/rack"
