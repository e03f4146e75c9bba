"""What is found before a graph runs: unknown names, shards without an aggregate, conditions that can never be true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle.conditions import ConditionError, Value, parse
from tests.draws import cases

from .drawing import SHARDS


def test_the_page_about_conditions_says_what_is_so() -> None:
    page = (Path(__file__).parents[5] / "docs/conditions.md").read_text(encoding="utf-8")
    examples, program = re.findall(r"^```\w*\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert [parse(each).never() for each in examples.splitlines()] == [None] * 3
    exec(program, {})
    rows = re.findall(r"^\| `([^`]+)`(?: where .*?)? \| .* \|$", page[page.index("## What is refused") :], re.MULTILINE)
    assert len(rows) == 6
    for text in rows:
        with pytest.raises(ConditionError):  # noqa: PT012 - read, then checked
            found = parse(text)
            found.check({"a": 1, "evaluate": 1, "local": 5})
            raise ConditionError(found.never() or pytest.fail(text))


def test_a_sound_condition_passes() -> None:
    found = parse("one.k > 1 and all(many.k > 0) and mean(one.k) < 3")
    found.check(SHARDS)
    found.check(SHARDS, {"many": ["k", "l"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("onne.k > 1", 'the task of onne.k is "onne", which is unknown: did you mean "one"?'),
        ("all(manny.k > 1)", 'the task of manny.k is "manny", which is unknown: did you mean "many"?'),
        ("many.k > 1", "many.k has 3 values, one per shard of many: say which counts, such as mean(many.k)"),
        ("one.acuracy > 1", 'the key of one.acuracy is "acuracy", which is unknown: did you mean "accuracy"?'),
    ],
)
def test_what_does_not_go_with_the_graph_is_named(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text).check(SHARDS, {"one": ["accuracy", "loss"]})
    assert message in str(caught.value)
    assert caught.value.column is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("false", "false is false"),
        ("1 > 2", "1 > 2 is false"),
        ("not (1 < 2)", "1 >= 2 is false"),
        ("a.k > 1 and a.k < 0", "a.k would have to be > 1 and < 0"),
        ("a.k > 1 and 1 > a.k", "a.k would have to be > 1 and < 1"),
        ("a.k >= 1 and a.k <= 1 and a.k != 1", "a.k would have to be >= 1 and <= 1 and != 1"),
        ("a.k == 1 and a.k == 2", "a.k would have to be == 1 and == 2"),
        ("a.k == 1 and a.k == 'x'", "a.k would have to be a number and text at once"),
        ("a.k and a.k > 1", "a.k would have to be true or false and a number at once"),
        ("a.k and not a.k", "a.k would have to be == true and == false"),
        ("a.k != true and a.k != false", "a.k would have to be != true and != false"),
        ("a.k > 'b' and a.k < 'a'", "a.k would have to be > 'b' and < 'a'"),
        ("(a.k > 1 or b.k > 1) and a.k < 0 and b.k < 0", "a.k would have to be > 1 and < 0"),
        ("not (a.k <= 1 or a.k > 0)", "a.k would have to be > 1 and <= 0"),
        ("mean(a.k) > 1 and mean(a.k) < 1", "mean(a.k) would have to be > 1 and < 1"),
        ("all(a.k > 1 and a.k < 1)", "a.k would have to be > 1 and < 1"),
        ("not all(a.k > 1 or a.k <= 1)", "a.k would have to be <= 1 and > 1"),
        ("a.k != a.k", "a.k != a.k is false"),
    ],
)
def test_what_can_never_be_true_is_found(text: str, reason: str) -> None:
    assert parse(text).never() == reason


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "a.k > 1 or a.k < 0",
        "a.k >= 1 and a.k <= 1",
        "a.k > 1 and a.k < 2 and a.k != 1.5",
        "a.k != true",
        "max(a.k) > 1 and min(a.k) < 0",
        "a.k > 1 and b.k < 0",
        "all(a.k > 1) and any(a.k < 0)",  # never, but that is more than is looked for
        " and ".join(["(a.k > 1 or a.k < 0)"] * 9 + ["a.k == 0.5"]),  # so is this
    ],
)
def test_what_may_be_true_passes(text: str) -> None:
    assert parse(text).never() is None


_results = st.sampled_from([True, False, "a", "aa", "b", -2, -1, -0.5, 0, 0.25, 0.5, 0.75, 1, 2])
_SIGNS = ["==", "!=", "<", "<=", ">", ">="]
_literals = st.builds(
    "{} {} {}".format,
    st.sampled_from(["x.k", "y.k"]),
    st.sampled_from(_SIGNS),
    st.sampled_from(["-1", "0", "0.5", "1", "'a'", "'b'"]),
) | st.builds(
    "{} {} {}".format, st.sampled_from(["x.k", "y.k"]), st.sampled_from(_SIGNS[:2]), st.sampled_from(["true", "false"])
)
_clauses = st.builds(
    "{}({})".format, st.sampled_from(["", "not "]), st.lists(_literals, min_size=1, max_size=3).map(" or ".join)
)


@given(
    st.lists(_clauses, min_size=1, max_size=4).map(" and ".join),
    st.lists(st.tuples(_results, _results), min_size=8, max_size=8),
)
@cases(100, search=250)
def test_what_is_said_never_to_be_true_never_is(text: str, results: list[tuple[Value, Value]]) -> None:
    found = parse(text)
    if found.never() is not None:
        for x, y in results:
            assert found.evaluate(lambda task, _, x=x, y=y: [x if task == "x" else y]) is not True  # type: ignore[misc]
