"""Drawn conditions: trees that keep the rules of the language, over the tasks `one`, `an-other` and the sharded `many`."""

from __future__ import annotations

from hypothesis import strategies as st

from bayplan.lifecycle.conditions.tree import Aggregate, Comparison, Constant, Junction, Negation, Node, TaskResult
from bayplan.lifecycle.conditions.values import Value

SIGNS = ("==", "!=", "<", "<=", ">", ">=")
SHARDS = {"one": 1, "an-other": 1, "many": 3}
KINDS = {
    "number": st.integers(-2, 2) | st.sampled_from([0.5, -1e-05, 1e300]),
    "text": st.sampled_from(["", "a", "it's", "b b"]),
}
"""The key of a result says of which kind it is: `number`, `text` or `truth`."""

Results = dict[str, list[dict[str, Value | None]]]


def results(task: str, key: str) -> TaskResult:
    return TaskResult(task, key)


def _compared(of: st.SearchStrategy[Node], key: str, signs: tuple[str, ...] = SIGNS) -> st.SearchStrategy[Node]:
    constants = st.builds(Constant, KINDS[key])
    return st.builds(Comparison, of, st.sampled_from(signs), of | constants) | st.builds(
        Comparison, constants, st.sampled_from(signs), of
    )


def _of_tasks(*tasks: str) -> st.SearchStrategy[Node]:
    """True or false, of results of these tasks."""
    found = [
        _compared(st.builds(TaskResult, st.sampled_from(tasks), st.just("number")), "number"),
        _compared(st.builds(TaskResult, st.sampled_from(tasks), st.just("text")), "text"),
        st.builds(TaskResult, st.sampled_from(tasks), st.just("truth")),
    ]
    return st.one_of(found)


def _joined(parts: st.SearchStrategy[Node], leaves: int) -> st.SearchStrategy[Node]:
    return st.recursive(
        parts,
        lambda inner: (
            st.builds(Negation, inner)
            | st.builds(Junction, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
            | st.builds(Comparison, inner, st.sampled_from(["==", "!="]), inner | st.builds(Constant, st.booleans()))
        ),
        max_leaves=leaves,
    )


_numeric = st.builds(Aggregate, st.sampled_from(["min", "max", "mean", "sum"]), st.just(TaskResult("many", "number")))
_logical = st.builds(Aggregate, st.sampled_from(["all", "any"]), _joined(_of_tasks("many"), 3))
without_each = _joined(_of_tasks("one", "an-other") | _compared(_numeric, "number") | st.builds(Constant, st.booleans()), 6)
"""Without `all` and `any`, so that Python itself can evaluate what they say."""
conditions = _joined(_of_tasks("one", "an-other") | _compared(_numeric, "number") | _logical, 6)


def shards(count: int, *, missing: bool = False) -> st.SearchStrategy[list[dict[str, Value | None]]]:
    """What so many shards of a task said."""
    maybe: st.SearchStrategy[None] = st.none() if missing else st.nothing()
    said = st.fixed_dictionaries({
        "number": KINDS["number"] | maybe, "text": KINDS["text"] | maybe, "truth": st.booleans() | maybe,
    })  # fmt: skip
    return st.lists(said, min_size=count, max_size=count)


def all_results(*, missing: bool = False) -> st.SearchStrategy[Results]:
    return st.fixed_dictionaries({task: shards(count, missing=missing) for task, count in SHARDS.items()})
