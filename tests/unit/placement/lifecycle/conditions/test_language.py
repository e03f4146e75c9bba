"""The language: what is read, how it is written, and what is said of what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle.conditions import Condition, ConditionError, Reference, parse
from bayplan.lifecycle.conditions.parser import DEEPEST
from bayplan.lifecycle.conditions.tokens import LONGEST
from bayplan.lifecycle.conditions.tree import Comparison, Constant, Node, TaskResult, references
from tests.draws import cases

from .drawing import conditions


@given(conditions)
@cases(60, search=150)
def test_what_is_written_is_read_as_the_same(tree: Node) -> None:
    text = str(Condition(tree, tuple(references(tree))))
    found = parse(text)
    assert found.tree == tree
    assert repr(found.tree) == repr(tree)
    assert parse(f"  ({text})\n") == found


def refusal(text: str) -> ConditionError | None:
    """None: it is read, and what is written of it is read as the same."""
    try:
        found = parse(text)
    except ConditionError as error:
        return error
    assert parse(str(found)) == found
    return None


WORDS = [
    "a.k", "b-c.d-1", "1", "-2.5", "'x'", "true", "false", "and", "or", "not", "(", ")", "min", "all", "any(", "==", "<", "!=",
]  # fmt: skip
junk = st.text(st.sampled_from(list("a1.-_ ()<>=!'\"eé\n")) | st.characters(), max_size=40)


@given(junk | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
@cases(120, search=300)
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    error = refusal(text)
    assert error is None or error.column is None or 1 <= error.column <= len(text) + 1
    assert error is None or "\n" in text or "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "task", "key", "value"),
    [
        ("a-b.k>1", "a-b", "k", 1),
        ("a.f1-score > -1", "a", "f1-score", -1),
        ("a.val.accuracy>-1.5", "a", "val.accuracy", -1.5),
        ("1e-5.k>1e-5", "1e-5", "k", 1e-5),
        ("and.or > 0", "and", "or", 0),
        ("3d.k>3", "3d", "k", 3),
        ("min.max > 2E3", "min", "max", 2000.0),
    ],
)
def test_names_hold_hyphens_and_look_like_other_things(text: str, task: str, key: str, value: float) -> None:
    assert parse(text).tree == Comparison(TaskResult(task, key), ">", Constant(value))


def test_not_binds_tighter_than_and_and_that_than_or() -> None:
    assert parse("not a.k and b.k or c.k == 1") == parse("((not (a.k)) and b.k) or (c.k == 1)")
    assert str(parse("a.k and (b.k or (c.k > 1))")) == "a.k and (b.k or c.k > 1)"


def test_a_truth_is_no_number() -> None:
    assert parse("a.k == true") != parse("a.k == 1")
    assert parse("a.k == 1") == parse("(a.k)==1.0")


def test_references_stand_once_in_their_order() -> None:
    found = parse("b.k > 1 and (a.k or all(b.k > 0)) and b.k < 9").references
    assert found == (Reference("b", "k", False), Reference("a", "k", False), Reference("b", "k", True))


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", None, "the condition is empty"),
        ("a.k - 1 > 0", 5, "nothing is subtracted"),
        ("a.k => 1", 5, "write `>=`"),
        ("a.k = 1", 5, "compared by `==`"),
        ("a.k && b.k", 5, "write `and`"),
        ("!a.k", 1, "write `not`"),
        ("0 < a.k < 1", 9, "compare two values at a time"),
        ("(0 < a.k < 1)", 10, "compare two values at a time"),
        ("Train.k > 1", 1, "Train.k is no NAME.KEY"),
        ("a.k > .5", 7, ".5 is no number"),
        ("a.k > 1.5.2", 7, "1.5.2 is no number"),
        ("a.k > 1e999", 7, "larger than any number"),
        ("a.k == 'x", 8, "the text has no end"),
        ("a.k == 'x\n'", 8, "the text has no end"),
        ("(a.k > 1", 9, "the end stands where the `(` in column 1 needs its `)`"),
        ("a.k > 1)", 8, "`)` stands where it has no meaning"),
        ("a.k >", 6, "the condition ends where"),
        ("a.k AND b.k", 5, "write `and`"),
        ("True", 1, "write `true`"),
        ("accuracy > 1", 1, "NAME.KEY"),
        ("a.k in b.k", 5, "`in` stands where it has no meaning"),
        ("1", 1, "1 is a number: what is true or false should stand here"),
        ("a.k and 'x'", 9, "'x' is text: what is true or false"),
        ("1 > 'a'", 3, "1 is a number and 'a' is text"),
        ("mean(a.k) == 'a'", 11, "mean(a.k) is a number and 'a' is text"),
        ("a.k > true", 5, "true is true or false, and neither is larger"),
        ("min a.k > 1", 5, "write min(NAME.KEY)"),
        ("min(1) > 1", 5, "min takes one result"),
        ("all(min(a.k) > 1)", 5, "no aggregate holds another"),
        ("all(a.k > b.k)", 1, "all looks at a and b"),
        ("any(true)", 1, "any looks at no task"),
        ("a.k > 1 ; b.k", 9, "`;` has no meaning"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_column(text: str, column: int | None, words: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert caught.value.column == column
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"column {column}: ") is (column is not None)


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", ""), ("(not ", ")")])
def test_depth_has_a_bound(opening: str, closing: str) -> None:
    levels = DEEPEST // len([each for each in ("(", "not") if each in opening])
    fits = opening * levels + "a.k" + closing * levels
    assert parse(fits).references
    with pytest.raises(ConditionError, match="within each other"):
        parse(f"not {fits}")
    with pytest.raises(ConditionError, match="within each other"):
        parse(opening * (LONGEST // len(opening)))


def test_length_has_a_bound() -> None:
    text = " and ".join(["a.k"] * 127)
    fits = text + " " * (LONGEST - len(text))
    assert len(parse(fits).tree.terms) == 127  # type: ignore[union-attr]
    with pytest.raises(ConditionError, match=f"has {LONGEST + 1} characters: it may have {LONGEST}"):
        parse(fits + " ")
