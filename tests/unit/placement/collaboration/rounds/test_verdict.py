"""How long rounds go on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.collaboration.rounds import (
    Patience,
    RoundAction,
    RoundEnd,
    RoundError,
    RoundRule,
    RoundState,
    RoundVerdict,
    verdict,
)
from bayplan.lifecycle.conditions import Value, parse, parse_measure
from tests.draws import cases

UNTIL = parse("evaluate.accuracy >= 0.95")
ACCURACY = parse_measure("evaluate.accuracy")


histories = st.lists(st.none() | st.floats(-2, 2), min_size=30, max_size=30)


def play(rule: RoundRule, values: list[Value | None]) -> list[RoundVerdict]:
    """The verdicts on rounds with these results, until one ends it."""
    state, found = RoundState(), []
    for value in values:
        state, last = verdict(rule, state, lambda task, key, value=value: [value])  # type: ignore[misc]
        found.append(last)
        if last.action is not RoundAction.CONTINUE:
            break
    return found


def test_until_ends_it() -> None:
    found = play(RoundRule(50, UNTIL), [0.5, 0.9, 0.96, 0.99])
    assert [each.action for each in found] == [RoundAction.CONTINUE] * 2 + [RoundAction.DONE]
    assert found[0].why == "round 1 of at most 50 has ended, and evaluate.accuracy >= 0.95 does not hold"
    assert found[2].why == "round 3: evaluate.accuracy >= 0.95 holds"
    assert [each.end for each in found] == [None, None, RoundEnd.CONDITION]
    assert play(RoundRule(3, UNTIL), [0.5, 0.9, 0.96])[-1].end is RoundEnd.CONDITION, "also in the last round that is allowed"


def test_the_maximum_ends_it() -> None:
    found = play(RoundRule(3, UNTIL), [0.1] * 9)
    assert len(found) == 3
    why = "round 3 is the last, and evaluate.accuracy >= 0.95 does not hold"
    assert found[-1] == RoundVerdict(RoundAction.DONE, why, RoundEnd.MAXIMUM)
    assert play(RoundRule(1), [None])[-1].why == "round 1 is the last"


def test_patience_ends_it_and_small_steps_do_not_count() -> None:
    rule = RoundRule(50, UNTIL, Patience(2, ACCURACY, min_delta=0.01))
    found = play(rule, [0.5, 0.6, 0.605, 0.609, 0.9])
    assert len(found) == 4
    assert (found[-1].action, found[-1].end) == (RoundAction.DONE, RoundEnd.NO_PROGRESS)
    assert found[-1].why == "round 4: no progress of evaluate.accuracy in 2 rounds, its best is 0.6"
    # From the best so far, small steps add up.
    assert len(play(rule, [0.5, 0.506, 0.512, 0.518, 0.524, 0.53, 0.53, 0.53])) == 8 - 1
    less = RoundRule(50, None, Patience(2, parse_measure("evaluate.loss"), maximise=False))
    assert len(play(less, [3.0, 2.0, 1.0, 1.0, 1.5, 0.1])) == 5


def test_patience_follows_from_until() -> None:
    assert Patience.by_condition(3, UNTIL) == Patience(3, ACCURACY, True)
    loss = parse_measure("mean(local.loss)")
    assert Patience.by_condition(3, parse("0.1 > mean(local.loss)"), 0.5) == Patience(3, loss, False, 0.5)
    for text in ("a.k > 1 and b.k > 1", "a.k == 1", "a.k", "a.k > b.k", "a.k > 'x'", "all(a.k > 1)"):
        with pytest.raises(RoundError, match="patience does not know what progress is"):
            Patience.by_condition(3, parse(text))
    with pytest.raises(RoundError, match="patience does not know what progress is"):
        Patience.by_condition(3, None)


def test_what_is_missing_may_come_but_not_for_ever() -> None:
    found = play(RoundRule(50, UNTIL), [None, None, 0.5, None, None, None])
    assert [each.action for each in found] == [RoundAction.CONTINUE] * 5 + [RoundAction.FAILED]
    assert found[-1].why == 'round 6: until was undecided 3 times in a row: evaluate has no result "accuracy"'
    assert "and until is undecided" in found[0].why
    patient = RoundRule(50, None, Patience(2, ACCURACY))
    assert play(patient, [None, None])[-1].why.endswith("no progress of evaluate.accuracy in 2 rounds, it never had a value")
    assert play(RoundRule(2, UNTIL), [None, None])[-1].action is RoundAction.DONE


def test_a_result_of_the_wrong_kind_fails_at_once() -> None:
    found = play(RoundRule(50, UNTIL), ["good"])
    assert found[-1].action is RoundAction.FAILED
    assert found[-1].why.startswith("round 1: until cannot be decided: evaluate.accuracy is 'good', text")
    patient = RoundRule(50, None, Patience(2, ACCURACY))
    assert play(patient, [True])[-1].why == (
        "round 1: progress cannot be measured: evaluate.accuracy is true, true or false: it must be a number"
    )
    assert play(patient, [math.inf])[-1].action is RoundAction.FAILED


@given(histories, st.integers(1, 30), st.integers(1, 4), st.floats(0, 0.5), st.booleans())
@cases(60, search=150)
def test_it_ends_where_a_plain_count_over_the_history_says(
    values: list[float | None], most: int, patience: int, delta: float, maximise: bool
) -> None:
    rule = RoundRule(most, None, Patience(patience, ACCURACY, maximise, delta))
    best, since, expected = None, 0, most
    for number, value in enumerate(values[:most], 1):
        signed = None if value is None else (value if maximise else -value)
        if signed is not None and (best is None or signed - best > delta):
            best, since = signed, 0
        else:
            since += 1
        if since == patience:
            expected = number
            break
    found = play(rule, list(values))
    assert len(found) == expected
    assert found[-1].action is RoundAction.DONE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RoundRule(0), "max is 0: it must be from 1 to 1000"),
        (lambda: RoundRule(1001), "max is 1001"),
        (lambda: RoundRule(5, parse("a.k > 1 and a.k < 0")), "until can never be true: a.k would have to be > 1 and < 0"),
        (lambda: Patience(0, ACCURACY), "patience is 0"),
        (lambda: Patience(1, ACCURACY, min_delta=-0.1), "minDelta is -0.1"),
        (lambda: RoundState(ended=-1), "ended is -1"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(make: object, message: str) -> None:
    with pytest.raises(RoundError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)
