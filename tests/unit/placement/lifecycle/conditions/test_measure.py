"""Measures: a number that results come to, and what a condition waits for."""

from __future__ import annotations

import math
import re

import pytest

from bayplan.lifecycle.conditions import ConditionError, Reference, Undecidable, measured_by, parse, parse_measure


def test_they_are_written_as_they_are_read() -> None:
    found = parse_measure(" mean( local.loss ) ")
    assert str(found) == "mean(local.loss)"
    assert found.reference == Reference("local", "loss", True)
    assert parse_measure("(a.k)") == parse_measure("a.k")
    assert parse_measure("a.k").reference == Reference("a", "k", False)


def test_they_come_to_a_finite_number() -> None:
    assert parse_measure("mean(local.loss)").evaluate(lambda *_: [1.0, 2.0]) == 1.5
    assert parse_measure("a.k").evaluate(lambda *_: [3]) == 3.0


@pytest.mark.parametrize(
    ("value", "why", "missing"),
    [
        (None, 'a has no result "k"', True),
        ("x", "a.k is 'x', text: it must be a number", False),
        (True, "a.k is true, true or false: it must be a number", False),
        (math.inf, "a.k is no number: the results are too large", False),
        (10**400, "a.k is no number: the results are too large", False),
        (math.nan, "a.k is nan, which is no number", False),
    ],
)
def test_or_say_why_not(value: object, why: str, missing: bool) -> None:
    assert parse_measure("a.k").evaluate(lambda *_: [value]) == Undecidable(why, missing)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1", "1 is no result: write NAME.KEY"),
        ("all(a.k)", "all(a.k) is no result"),
        ("(a.k > 1)", "a.k > 1 is no result"),
        ("a.k > 1", "the end should stand here"),
        ("", "the condition ends where"),
    ],
)
def test_anything_else_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConditionError, match=re.escape(words)):
        parse_measure(text)


def test_they_are_held_against_the_graph() -> None:
    parse_measure("mean(local.loss)").check({"local": 5}, {"local": ["loss"]})
    with pytest.raises(ConditionError, match=r"local\.loss has 5 values"):
        parse_measure("local.loss").check({"local": 5})


def test_what_a_condition_waits_for() -> None:
    accuracy, loss = parse_measure("a.accuracy"), parse_measure("mean(b.loss)")
    assert measured_by(parse("a.accuracy >= 0.9")) == (accuracy, True)
    assert measured_by(parse("0.9 < a.accuracy")) == (accuracy, True)
    assert measured_by(parse("mean(b.loss) < 1")) == (loss, False)
    assert measured_by(parse("1 >= mean(b.loss)")) == (loss, False)
    for text in (
        "a.k > 1 and b.k > 1",
        "a.k == 1",
        "a.k != 1",
        "a.k",
        "not a.k > 1",
        "a.k > b.k",
        "a.k > 'x'",
        "all(a.k > 1)",
        "2 > 1",
    ):
        assert measured_by(parse(text)) is None
