"""Whether a condition could ever be true: only what is certain is said, so most contradictions between results go unseen.

The condition is written as "this and this, or that and that"; each conjunction bounds every result that it compares with a
constant, and one whose bounds leave no value, or that wants values of two kinds, is never true. `min`, `max`, `mean`, `sum`
of a result are treated as results of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from bayplan.lifecycle.conditions.tree import (
    COMPARISONS,
    LOGICAL,
    Aggregate,
    Comparison,
    Constant,
    Junction,
    Negation,
    Node,
    kind,
)
from bayplan.lifecycle.conditions.values import Value, ValueKind, kind_of

MOST_CONJUNCTIONS = 256
"""Beyond that a condition counts as possible: the number can double with each `and` of two `or`."""

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

_Literals = tuple[tuple[Node, bool], ...]
"""Parts without `and`, `or`, `not`, and whether each has to be true or false."""


def contradiction(node: Node) -> str | None:
    """Why it is never true, in one sentence; `None`: it may be. O(nodes x conjunctions)."""
    found = _conjunctions(node, True)
    if found is None:
        return None
    reasons = []
    for literals in found:
        reason = _clash(literals)
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0]


def _conjunctions(node: Node, wanted: bool) -> list[_Literals] | None:
    """Of which one must hold for the node to be as wanted; `None`: too many."""
    if isinstance(node, Negation):
        return _conjunctions(node.inner, not wanted)
    if not isinstance(node, Junction):
        return [((node, wanted),)]
    parts = []
    for each in node.terms:
        found = _conjunctions(each, wanted)
        if found is None:
            return None
        parts.append(found)
    # "not (a or b)" is "not a and not b".
    if (node.name == "or") is wanted:
        joined = [literals for part in parts for literals in part]
        return joined if len(joined) <= MOST_CONJUNCTIONS else None
    count = 1
    for part in parts:
        count *= len(part)
        if count > MOST_CONJUNCTIONS:
            return None
    return [sum(chosen, ()) for chosen in product(*parts)]


def _clash(literals: _Literals) -> str | None:
    ranges: dict[Node, _Range] = {}
    for node, wanted in literals:
        if isinstance(node, Constant):
            if node.value is not wanted:
                return f"{'' if wanted else 'not '}{node} is false"
        elif isinstance(node, Aggregate) and node.name in LOGICAL:
            # True of all or any shards, or false of them: in each case the inside is so on at least one.
            inner = node.inner if wanted else Negation(node.inner)
            reason = contradiction(inner)
            if reason is not None:
                return reason
        elif isinstance(node, Comparison):
            reason = _compare(node, wanted, ranges)
            if reason is not None:
                return reason
        else:
            ranges.setdefault(node, _Range()).add("==", wanted)
    for node, found in ranges.items():
        reason = found.empty()
        if reason is not None:
            return f"{node} {reason}"
    return None


def _compare(node: Comparison, wanted: bool, ranges: "dict[Node, _Range]") -> str | None:
    left, right = node.left, node.right
    sign = node.sign if wanted else _OPPOSITE[node.sign]
    if isinstance(left, Constant) and isinstance(right, Constant):
        return None if COMPARISONS[sign](left.value, right.value) else f"{left} {sign} {right} is false"
    if left == right and sign in ("!=", "<", ">"):
        return f"{left} {sign} {right} is false"
    if isinstance(left, Constant):
        left, right, sign = right, left, _MIRRORED[sign]
    if isinstance(right, Constant) and (kind(left) is not ValueKind.TRUTH or isinstance(left, Aggregate)):
        ranges.setdefault(left, _Range()).add(sign, right.value)
    return None


@dataclass(slots=True)
class _Range:
    """What a conjunction asks of one result."""

    asked: list[tuple[str, Value]] = field(default_factory=list)

    def add(self, sign: str, value: Value) -> None:
        self.asked.append((sign, value))

    def empty(self) -> str | None:
        """Why no value does; `None`: one may. O(asked squared)."""
        kinds = list(dict.fromkeys(kind_of(value) for _, value in self.asked))
        if len(kinds) > 1:
            return f"would have to be {kinds[0].value} and {kinds[1].value} at once"
        exact = next((value for sign, value in self.asked if sign == "=="), None)
        candidates: Iterable[Value] = () if exact is None else (exact,)
        if exact is None and kinds == [ValueKind.TRUTH]:
            candidates = (True, False)
        for value in candidates:
            if all(COMPARISONS[sign](value, bound) for sign, bound in self.asked):
                return None
        if exact is not None or kinds == [ValueKind.TRUTH]:
            return f"would have to be {self._words()}"
        return self._no_room()

    def _no_room(self) -> str | None:
        for low_sign, low in self.asked:
            for high_sign, high in self.asked:
                if low_sign not in (">", ">=") or high_sign not in ("<", "<="):
                    continue
                if COMPARISONS[">"](low, high) or (low == high and self._open(low, low_sign, high_sign)):
                    return f"would have to be {self._words()}"
        return None

    def _open(self, value: Value, *signs: str) -> bool:
        """Whether the one value that two bounds leave is left out."""
        return ">" in signs or "<" in signs or any(sign == "!=" and other == value for sign, other in self.asked)

    def _words(self) -> str:
        return " and ".join(dict.fromkeys(f"{sign} {Constant(value)}" for sign, value in self.asked))
