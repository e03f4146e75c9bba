"""Choosing by rule: the first case that holds, and a default; what cannot be decided or has failed is passed over, and said."""

from __future__ import annotations

import pytest

from bayplan.collaboration.choosing import ChoosingError, ChoosingRule, Chosen, Contender, RuleCase, by_rule
from bayplan.lifecycle.conditions import Value, parse

SHARDS = {"inspect": 1, "tiles": 4}
NAMES = ("small", "large", "huge")


def rule(*cases: tuple[str, str], default: str = "small") -> ChoosingRule:
    return ChoosingRule(tuple(RuleCase(parse(text), candidate) for text, candidate in cases), default)


PIXELS = rule(("inspect.pixels > 1000000", "huge"), ("inspect.pixels > 1000", "large"))


def choose(pixels: Value | None, found: ChoosingRule = PIXELS, failed: tuple[str, ...] = (), *, retry: bool = False) -> Chosen:
    contenders = [Contender(name, failed="exit code 1" if name in failed else "") for name in NAMES]
    return by_rule(contenders, found, lambda task, key: [pixels], retry_failed=retry)


@pytest.mark.parametrize(
    ("pixels", "winner", "why"),
    [
        (2_000_000, "huge", "huge: inspect.pixels > 1000000 holds"),
        (5000, "large", "large: inspect.pixels > 1000 holds"),
        (10, "small", "small: it is the default, and no case holds"),
    ],
)
def test_the_first_case_that_holds_decides(pixels: int, winner: str, why: str) -> None:
    chosen = choose(pixels)
    assert (chosen.winner, chosen.why, chosen.score) == (winner, why, None)
    assert {each.name for each in chosen.losers} == set(NAMES) - {winner}


def test_a_case_that_cannot_be_decided_does_not_hold_and_is_told() -> None:
    chosen = choose(None)
    assert chosen.winner == "small"
    assert 'inspect.pixels > 1000000 is undecided, since inspect has no result "pixels"' in chosen.why


def test_a_candidate_that_failed_gives_way_to_the_next_case() -> None:
    chosen = choose(2_000_000, failed=("huge",))
    assert chosen.winner == "large"
    assert chosen.why == "large: inspect.pixels > 1000 holds; huge is left out, since it failed: exit code 1"
    assert [(each.name, each.excluded) for each in chosen.losers] == [("small", ""), ("huge", "it failed: exit code 1")]
    assert choose(2_000_000, failed=("huge",), retry=True).winner == "huge"
    none = choose(10, failed=("small",))
    assert none.winner is None
    assert none.why.startswith("no candidate is left: small (it failed: exit code 1), large (no case of the rule names it)")
    assert choose(10, failed=NAMES).winner is None


def test_what_failed_is_left_out_unless_said_otherwise() -> None:
    contenders = [Contender("small", failed="exit code 1"), Contender("large")]
    assert by_rule(contenders, rule(), lambda task, key: []).winner is None
    assert by_rule(contenders, rule(), lambda task, key: [], retry_failed=True).winner == "small"


def test_it_is_checked_beforehand() -> None:
    PIXELS.check(NAMES, SHARDS)
    PIXELS.check(NAMES, SHARDS, {"inspect": ["pixels"]})


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (rule(default="smal"), 'default is "smal", which is unknown: did you mean "small"?'),
        (rule(("inspect.k > 1", "larg")), 'cases[0].candidate is "larg", which is unknown: did you mean "large"?'),
        (rule(("inspekt.k > 1", "large")), 'cases[0].when: the task of inspekt.k is "inspekt"'),
        (rule(("tiles.k > 1", "large")), "cases[0].when: tiles.k has 4 values"),
        (rule(("inspect.k > 1 and inspect.k < 0", "large")), "cases[0].when can never be true: inspect.k would have to be"),
    ],
)
def test_what_does_not_go_with_graph_and_candidates_is_named(found: ChoosingRule, message: str) -> None:
    with pytest.raises(ChoosingError) as caught:
        found.check(NAMES, SHARDS)
    assert message in str(caught.value)


def test_unknown_names_are_refused_when_choosing_too() -> None:
    with pytest.raises(ChoosingError, match="default is"):
        choose(1, rule(default="other"))
    with pytest.raises(ChoosingError, match="candidate is"):
        choose(1, rule(("inspect.k > 0", "other")))
