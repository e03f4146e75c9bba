"""A number that results come to: `evaluate.loss`, or `mean(local.accuracy)` over shards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bayplan.lifecycle.conditions.condition import Condition, check_references
from bayplan.lifecycle.conditions.errors import ConditionError
from bayplan.lifecycle.conditions.parser import tree_of_value
from bayplan.lifecycle.conditions.tree import NUMERIC, Aggregate, Comparison, Constant, TaskResult, references
from bayplan.lifecycle.conditions.truth import Lookup, Undecidable, number
from bayplan.lifecycle.conditions.values import Reference, ValueKind


@dataclass(frozen=True, slots=True)
class Measure:
    """One result, or one number of all shards of a task."""

    tree: TaskResult | Aggregate

    def __str__(self) -> str:
        return str(self.tree)

    @property
    def reference(self) -> Reference:
        """The result that it looks at."""
        return next(references(self.tree))

    def check(self, shards: Mapping[str, int], keys: Mapping[str, Collection[str]] | None = None) -> None:
        """As `Condition.check`."""
        check_references((self.reference,), shards, keys)

    def evaluate(self, lookup: Lookup) -> float | Undecidable:
        """What it comes to: a finite number. `lookup` as for `Condition.evaluate`. O(shards)."""
        return number(self.tree, lookup)


def parse_measure(text: str) -> Measure:
    """The measure that the text says. Raises `ConditionError` with one sentence that names the column."""
    found = tree_of_value(text)
    if isinstance(found, TaskResult) or (isinstance(found, Aggregate) and found.name in NUMERIC):
        return Measure(found)
    raise ConditionError(f"{found} is no result: write NAME.KEY, or min, max, mean or sum of one", 1)


def measured_by(condition: Condition) -> tuple[Measure, bool] | None:
    """What a condition such as `evaluate.accuracy >= 0.95` waits for, and whether more of it is better.

    `None`: it is not one comparison by `<`, `<=`, `>` or `>=` of one measure with a number.
    """
    tree = condition.tree
    if not isinstance(tree, Comparison) or tree.sign in ("==", "!="):
        return None
    turned = isinstance(tree.left, Constant)
    found, bound = (tree.right, tree.left) if turned else (tree.left, tree.right)
    if not (isinstance(bound, Constant) and bound.kind is ValueKind.NUMBER and isinstance(found, TaskResult | Aggregate)):
        return None
    return Measure(found), (tree.sign in (">", ">=")) is not turned
