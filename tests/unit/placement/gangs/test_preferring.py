"""Gangs that prefer one domain, with every planner, held to what trying everything finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bayplan.strategy.presets import PRESETS
from tests.draws import cases
from tests.unit.placement.gangs.deciding import check, decided
from tests.unit.placement.gangs.drawing import ASKED, PLACES, near
from tests.unit.placement.gangs.reference import Amounts, Place, most, racks, right


@cases(60, search=150)
@given(PLACES, ASKED, st.integers(2, 7), st.sampled_from((None, None, 1, 2, 3)), st.sampled_from(list(PRESETS)))
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


def test_the_smallest_domain_that_holds_all() -> None:
    places = [Place(f"n{n}", "r1" if n < 3 else "r2", (2, 0), (0, 0)) for n in range(5)]
    assert {each.node for each in decided(places, [(2, 0)] * 2, "BestFit", required=False)[:-1]} == {"n3", "n4"}


def test_the_largest_domains_are_filled_first() -> None:
    """Two are enough; the smallest first would be three."""
    places = [Place(f"n{n}", f"r{max(0, n - 2)}", (2, 0), (0, 0)) for n in range(6)]
    found = decided(places, [(2, 0)] * 4, "Spread", required=False)
    assert {each.node for each in found[:-1]} >= {"n0", "n1", "n2"}
