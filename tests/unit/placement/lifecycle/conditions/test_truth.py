"""What conditions come to: as Python itself says, and what is missing leaves undecided only what it may decide."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle.conditions import Condition, Undecidable, Value, parse
from bayplan.lifecycle.conditions.tree import Aggregate, Comparison, Constant, Junction, Negation, Node, TaskResult, references
from bayplan.lifecycle.conditions.truth import Lookup
from tests.draws import cases

from .drawing import KINDS, Results, all_results, conditions, without_each

PYTHON = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "min": min, "max": max, "sum": math.fsum, "mean": lambda values: math.fsum(values) / len(values), "all": all, "any": any,
}  # fmt: skip


def condition(tree: Node) -> Condition:
    return Condition(tree, tuple(references(tree)))


def looking(results: Mapping[str, Sequence[Mapping[str, Value | None]]]) -> Lookup:
    return lambda task, key: [shard.get(key) for shard in results.get(task, ())]


def by_python(node: Node, results: Results) -> Value:
    """With Python's own operators, on results that are all there."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, TaskResult):
        return results[node.task][0][node.key]  # type: ignore[return-value]
    if isinstance(node, Comparison):
        return PYTHON[node.sign](by_python(node.left, results), by_python(node.right, results))  # type: ignore[operator]
    if isinstance(node, Negation):
        return not by_python(node.inner, results)
    if isinstance(node, Junction):
        return PYTHON["all" if node.name == "and" else "any"]([by_python(each, results) for each in node.terms])  # type: ignore
    assert isinstance(node, Aggregate)
    return PYTHON[node.name]([by_python(node.inner, {"many": [each]}) for each in results["many"]])  # type: ignore[operator]


@given(conditions, all_results())
@cases(60, search=200)
def test_it_comes_to_what_pythons_operators_say(tree: Node, results: Results) -> None:
    assert condition(tree).evaluate(looking(results)) is by_python(tree, results)


@given(without_each, all_results())
@cases(60, search=200)
def test_its_text_comes_to_what_python_reads_in_it(tree: Node, results: Results) -> None:
    known = {task.replace("-", "_"): SimpleNamespace(**each[0]) for task, each in results.items()}
    known["many"] = SimpleNamespace(number=[each["number"] for each in results["many"]])
    functions = {name: PYTHON[name] for name in ("min", "max", "sum", "mean")}
    text = str(condition(tree)).replace("an-other", "an_other")
    found = eval(text, {"__builtins__": {}}, {**known, **functions, "true": True, "false": False})
    assert condition(tree).evaluate(looking(results)) is found


@given(st.data(), conditions, all_results(missing=True))
@cases(60, search=200)
def test_what_is_decided_early_stays_so_whatever_comes(data: st.DataObject, tree: Node, results: Results) -> None:
    early = condition(tree).evaluate(looking(results))
    complete = {
        task: [
            {
                key: data.draw(KINDS.get(key, st.booleans())) if value is None else value
                for key, value in shard.items()
            }
            for shard in shards
        ]
        for task, shards in results.items()
    }  # fmt: skip
    late = condition(tree).evaluate(looking(complete))
    assert isinstance(late, bool)
    if isinstance(early, Undecidable):
        assert early.missing
        assert 'has no result "' in early.why
    else:
        assert early is late


def said(text: str, **results: object) -> bool | Undecidable:
    """`a=1`: the key `k` of the task `a`; a list: of its shards."""
    shards = {task: value if isinstance(value, list) else [value] for task, value in results.items()}
    return parse(text).evaluate(lambda task, _: shards.get(task, []))


@pytest.mark.parametrize(
    ("text", "results", "why", "missing"),
    [
        ("a.k > 1", {}, 'a has no result "k"', True),
        ("a.k > 1", {"a": None}, 'a has no result "k"', True),
        ("a.k > 1", {"a": "x"}, "a.k is 'x', text and 1 is a number: only values of one kind are compared", False),
        ("a.k == 1", {"a": True}, "a.k is true, true or false and 1 is a number: only values of one kind are compared", False),
        ("a.k", {"a": 1}, "a.k is 1, a number: it must be true or false", False),
        ("a.k < b.k", {"a": True, "b": False}, "a.k is true, true or false, and neither truth is larger", False),
        ("not a.k > 1", {"a": math.nan}, "a.k is nan, which is no number", False),
        ("a.k > 1", {"a": [1, 2]}, "a.k has 2 shards: say which by min, max, mean, sum, all or any", False),
        ("mean(a.k) > 1", {"a": [1, None, None]}, 'a has no result "k" for 2 of 3 shards', True),
        ("mean(a.k) > 1", {"a": []}, 'a has no result "k"', True),
        ("mean(a.k) > 1", {"a": [1, "x"]}, "a.k is 'x', text: mean is taken of numbers", False),
        ("sum(a.k) > 1", {"a": [math.inf, -math.inf]}, "sum(a.k) is no number: the results are too large", False),
        ("sum(a.k) > 1", {"a": [10**400]}, "sum(a.k) is no number: the results are too large", False),
        ("min(a.k) > 1", {"a": [1, math.nan]}, "a.k is nan, which is no number", False),
        ("all(a.k > 1)", {"a": [3, None, 2]}, 'a has no result "k" for 1 of 3 shards', True),
        ("any(a.k > 1)", {"a": []}, 'a has no result "k"', True),
        ("a.k > 1 and b.k > 1", {"a": "x"}, 'b has no result "k"', True),
        ("a.k == 1", {"a": "x" * 300}, "a.k is '" + "x" * 60 + "..., text and 1 is a number", False),
    ],
)
def test_what_cannot_be_decided_says_why(text: str, results: dict[str, object], why: str, missing: bool) -> None:
    found = said(text, **results)
    assert isinstance(found, Undecidable)
    assert why in found.why
    assert found.missing is missing
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(found)


def test_what_decides_needs_nothing_else() -> None:
    assert said("a.k > 1 and b.k", a=0) is False
    assert said("b.k or a.k > 1", a=2) is True
    assert said("any(a.k > 1)", a=[None, 2]) is True
    assert said("all(a.k > 1)", a=[None, 0]) is False
    assert said("all(1 > 2 or a.k > 1)", a=[2, 3]) is True


def test_numbers_are_compared_exactly() -> None:
    assert said("a.k > 9007199254740992", a=2**53 + 1) is True
    assert said("sum(a.k) == 1", a=[0.1] * 10) is True  # added from left to right they are below 1
    assert said("a.k > 1", a=math.inf) is True
