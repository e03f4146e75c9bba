"""Node labels in columns, and conditions on them evaluated for all nodes at once."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayplan.constraints import Requirement, Term

NAME_FIELD = "metadata.name"

BoolArray = NDArray[np.bool_]


class LabelColumns:
    """Per label key that anybody asks about, one column of value numbers (-1: the node has no such label)."""

    def __init__(self) -> None:
        self._labels: list[Mapping[str, str]] = []
        self._names: list[str] = []
        self._columns: dict[tuple[bool, str], NDArray[np.int64]] = {}
        self._values: dict[tuple[bool, str], dict[str, int]] = {}

    def set(self, row: int, name: str, labels: Mapping[str, str]) -> None:
        """The labels of the node in a row; rows are filled in order. Drops what was derived."""
        while len(self._labels) <= row:
            self._labels.append({})
            self._names.append("")
        self._labels[row], self._names[row] = labels, name
        self._columns.clear()
        self._values.clear()

    def matches(self, term: Term) -> BoolArray:
        """Per row: all conditions of the term hold; none at all match nothing."""
        if not term.expressions and not term.fields:
            return np.zeros(len(self._labels), bool)
        fits = np.ones(len(self._labels), bool)
        for requirement in term.expressions:
            fits &= self.satisfies(requirement, is_field=False)
        for requirement in term.fields:
            fits &= self.satisfies(requirement, is_field=True)
        return fits

    def satisfies(self, requirement: Requirement, *, is_field: bool = False) -> BoolArray:
        """Per row: the condition holds. A missing label satisfies NotIn and DoesNotExist only, as in Kubernetes."""
        column, values = self._column(is_field, requirement.key)
        match requirement.operator:
            case "In":
                return np.isin(column, _numbers(values, requirement.values))
            case "NotIn":
                return ~np.isin(column, _numbers(values, requirement.values))
            case "Exists":
                return column >= 0
            case "DoesNotExist":
                return column < 0
            case "Gt" | "Lt":
                return self._compares(column, values, requirement)
            case _:
                return np.zeros(len(column), bool)

    def _compares(self, column: NDArray[np.int64], values: Mapping[str, int], requirement: Requirement) -> BoolArray:
        bound = _integer(requirement.values[0]) if len(requirement.values) == 1 else None
        if bound is None:
            return np.zeros(len(column), bool)
        fitting = []
        for text, number in values.items():
            value = _integer(text)
            if value is not None and (value > bound if requirement.operator == "Gt" else value < bound):
                fitting.append(number)
        return np.isin(column, fitting)

    def _column(self, is_field: bool, key: str) -> tuple[NDArray[np.int64], dict[str, int]]:
        at = (is_field, key)
        if at not in self._columns:
            values: dict[str, int] = {}
            texts = self._field(key) if is_field else [labels.get(key) for labels in self._labels]
            numbers = [-1 if text is None else values.setdefault(text, len(values)) for text in texts]
            self._columns[at], self._values[at] = np.array(numbers, np.int64), values
        return self._columns[at], self._values[at]

    def _field(self, key: str) -> list[str | None]:
        return [name if key == NAME_FIELD else None for name in self._names]


def _numbers(values: Mapping[str, int], texts: tuple[str, ...]) -> list[int]:
    return [values[text] for text in texts if text in values]


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
