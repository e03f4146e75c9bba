"""What a condition is made of, and how it is written."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bayplan.lifecycle.conditions.values import Reference, Value, ValueKind, kind_of, written

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMERIC = ("min", "max", "mean", "sum")
"""Over the numbers of all shards."""
LOGICAL = ("all", "any")
"""Over what is true of each shard."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true or false."""

    value: Value
    kind: ValueKind = field(init=False)
    """Part of what makes two constants equal: for Python, `True == 1`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind_of(self.value))

    def __str__(self) -> str:
        return written(self.value)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a task, or within an aggregate one of its shards, said under a key."""

    task: str
    key: str

    def __str__(self) -> str:
        return f"{self.task}.{self.key}"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value of all shards of a task: `min`, `max`, `mean`, `sum` of a result, `all` or `any` of a condition on each."""

    name: str
    inner: "Node"

    def __str__(self) -> str:
        return f"{self.name}({self.inner})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values beside each other."""

    left: "Node"
    sign: str
    right: "Node"

    def __str__(self) -> str:
        return f"{_operand(self.left)} {self.sign} {_operand(self.right)}"


@dataclass(frozen=True, slots=True)
class Negation:
    """Not."""

    inner: "Node"

    def __str__(self) -> str:
        inner = str(self.inner)
        return f"not ({inner})" if isinstance(self.inner, Junction) else f"not {inner}"


@dataclass(frozen=True, slots=True)
class Junction:
    """At least two conditions with `and`, or with `or`, between them."""

    name: str
    terms: tuple["Node", ...]

    def __str__(self) -> str:
        return f" {self.name} ".join(self._term(each) for each in self.terms)

    def _term(self, term: "Node") -> str:
        tighter = isinstance(term, Junction) and (self.name, term.name) == ("or", "and")
        return f"({term})" if isinstance(term, Junction) and not tighter else str(term)


Node = Constant | TaskResult | Aggregate | Comparison | Negation | Junction


def kind(node: Node) -> ValueKind | None:
    """Of its value; `None`: only the result itself can say."""
    if isinstance(node, Constant):
        return node.kind
    if isinstance(node, TaskResult):
        return None
    if isinstance(node, Aggregate) and node.name in NUMERIC:
        return ValueKind.NUMBER
    return ValueKind.TRUTH


def references(node: Node, aggregated: bool = False) -> Iterator[Reference]:
    """In their order in the text, as often as they stand there. O(nodes)."""
    if isinstance(node, TaskResult):
        yield Reference(node.task, node.key, aggregated)
    elif isinstance(node, Aggregate):
        yield from references(node.inner, True)
    elif isinstance(node, Comparison):
        yield from references(node.left, aggregated)
        yield from references(node.right, aggregated)
    elif isinstance(node, Negation):
        yield from references(node.inner, aggregated)
    elif isinstance(node, Junction):
        for each in node.terms:
            yield from references(each, aggregated)


def _operand(node: Node) -> str:
    return f"({node})" if isinstance(node, Comparison | Negation | Junction) else str(node)
