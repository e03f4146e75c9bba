"""What a condition comes to on the results that there are.

Logic with a third value, Kleene's strong one (Introduction to Metamathematics, 1952, section 64): what cannot be decided stays
so unless the rest decides, so that `false and X` is false and `true or X` is true whatever X may be.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bayplan.lifecycle.conditions.tree import (
    COMPARISONS,
    LOGICAL,
    Aggregate,
    Comparison,
    Constant,
    Junction,
    Negation,
    Node,
    TaskResult,
    references,
)
from bayplan.lifecycle.conditions.values import Value, ValueKind, kind_of, written

Lookup = Callable[[str, str], Sequence[Value | None]]
"""Task and key to what each shard that counts said under the key, in the order of the shards; `None`: nothing (yet)."""

LARGEST = sys.float_info.max

SHOWN = 64
"""Characters of a result in a sentence."""


@dataclass(frozen=True, slots=True)
class Undecidable:
    """Neither true nor false."""

    why: str
    """One sentence: which task and key, and what is wrong."""
    missing: bool
    """Whether a result is missing, which may still come; else one is of the wrong kind, and more of them change nothing."""

    def __bool__(self) -> bool:
        raise TypeError(f"a condition that cannot be decided is neither true nor false: {self.why}")


def truth(node: Node, lookup: Lookup) -> bool | Undecidable:
    """O(nodes x shards); a result is looked up as often as it stands in the condition."""
    if isinstance(node, Comparison):
        return _compared(node, lookup)
    if isinstance(node, Negation):
        inner = truth(node.inner, lookup)
        return inner if isinstance(inner, Undecidable) else not inner
    if isinstance(node, Junction):
        return _joined(node.name == "or", (truth(each, lookup) for each in node.terms))
    if isinstance(node, Aggregate) and node.name in LOGICAL:
        return _of_each(node, lookup)
    found = _value(node, lookup)
    if isinstance(found, Undecidable | bool):
        return found
    return Undecidable(f"{_said(node, found)}: it must be true or false", False)


def number(node: Node, lookup: Lookup) -> float | Undecidable:
    """The value of a result or an aggregate, as a finite float."""
    found = _value(node, lookup)
    if isinstance(found, Undecidable):
        return found
    if isinstance(found, bool | str):
        return Undecidable(f"{_said(node, found)}: it must be a number", False)
    if not abs(found) <= LARGEST:
        return Undecidable(f"{node} is no number: the results are too large", False)
    return float(found)


def _joined(decides: bool, terms: Iterable[bool | Undecidable]) -> bool | Undecidable:
    """Of `or` (true decides) or `and` (false does)."""
    open_term: Undecidable | None = None
    for each in terms:
        if isinstance(each, Undecidable):
            # What is merely missing may still come, and what is wrong may then matter no more: say that first.
            open_term = each if open_term is None or (each.missing and not open_term.missing) else open_term
        elif each is decides:
            return decides
    return not decides if open_term is None else open_term


def _compared(node: Comparison, lookup: Lookup) -> bool | Undecidable:
    left = _value(node.left, lookup)
    if isinstance(left, Undecidable):
        return left
    right = _value(node.right, lookup)
    if isinstance(right, Undecidable):
        return right
    kinds = kind_of(left), kind_of(right)
    if kinds[0] is not kinds[1]:
        both = f"{_said(node.left, left)} and {_said(node.right, right)}"
        return Undecidable(f"{both}: only values of one kind are compared", False)
    if kinds[0] is ValueKind.TRUTH and node.sign not in ("==", "!="):
        which = (node.left, left) if not isinstance(node.left, Constant) else (node.right, right)
        return Undecidable(f"{_said(*which)}, and neither truth is larger: compare it by == or !=", False)
    return COMPARISONS[node.sign](left, right)


def _value(node: Node, lookup: Lookup) -> Value | Undecidable:
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, TaskResult):
        return _single(node, lookup)
    if isinstance(node, Aggregate) and node.name not in LOGICAL:
        return _number_of_all(node, lookup)
    return truth(node, lookup)


def _of_shard(columns: Mapping[str, Sequence[Value | None]], shard: int, task: str, key: str) -> Sequence[Value | None]:
    """A lookup that knows one shard of one task."""
    return columns[key][shard : shard + 1]


def _single(node: TaskResult, lookup: Lookup) -> Value | Undecidable:
    found = lookup(node.task, node.key)
    if len(found) > 1:
        return Undecidable(f"{node} has {len(found)} shards: say which by min, max, mean, sum, all or any", False)
    if not found or found[0] is None:
        return Undecidable(f'{node.task} has no result "{node.key}"', True)
    if _is_nan(found[0]):
        return Undecidable(f"{node} is nan, which is no number", False)
    return found[0]


def _number_of_all(node: Aggregate, lookup: Lookup) -> Value | Undecidable:
    (result,) = references(node.inner)
    found = lookup(result.task, result.key)
    present = [each for each in found if each is not None]
    if not present or len(present) < len(found):
        of = f" for {len(found) - len(present)} of {len(found)} shards" if len(found) > 1 else ""
        return Undecidable(f'{result.task} has no result "{result.key}"{of}', True)
    numbers = [each for each in present if not isinstance(each, str | bool)]
    if len(numbers) < len(present):
        other = next(each for each in present if isinstance(each, str | bool))
        return Undecidable(f"{_said(node.inner, other)}: {node.name} is taken of numbers", False)
    if any(map(_is_nan, numbers)):
        return Undecidable(f"{node.inner} is nan, which is no number", False)
    if node.name in ("min", "max"):
        return min(numbers) if node.name == "min" else max(numbers)
    try:
        total = math.fsum(numbers)
    except (OverflowError, ValueError):  # beyond a float; infinity less infinity
        total = math.nan
    if math.isnan(total):
        return Undecidable(f"{node} is no number: the results are too large", False)
    return total / len(numbers) if node.name == "mean" else total


def _of_each(node: Aggregate, lookup: Lookup) -> bool | Undecidable:
    """The inside on one shard after the other, as if the task had this shard alone."""
    columns = {each.key: lookup(each.task, each.key) for each in references(node.inner)}
    task = next(references(node.inner)).task
    shards = min(map(len, columns.values()))
    if not shards:
        return Undecidable(f'{task} has no result "{next(iter(columns))}"', True)
    verdicts = [truth(node.inner, partial(_of_shard, columns, shard)) for shard in range(shards)]
    found = _joined(node.name == "any", verdicts)
    if isinstance(found, Undecidable) and found.missing and shards > 1:
        waiting = sum(isinstance(each, Undecidable) and each.missing for each in verdicts)
        return Undecidable(f"{found.why} for {waiting} of {shards} shards", True)
    return found


def _said(node: Node, value: Value) -> str:
    words, text = kind_of(value).value, written(value)
    short = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    return f"{node} is {words}" if isinstance(node, Constant) else f"{node} is {short}, {words}"


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)
