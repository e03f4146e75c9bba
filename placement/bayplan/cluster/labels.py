"""Node labels in columns, and conditions on them evaluated for many nodes at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.constraints import Requirement, Term

NAME_FIELD = "metadata.name"


_COLUMN_LIMIT = 256
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)


@dataclass(slots=True)
class _Column:
    """One label key: per row the number of its value, -1 where there is no such label."""

    numbers: IntArray
    number_of: dict[str, int] = field(default_factory=dict)

    def put(self, row: int, text: str | None) -> None:
        if row >= len(self.numbers):
            grown = np.full(2 * row + 16, -1, np.int64)
            grown[: len(self.numbers)] = self.numbers
            self.numbers = grown
        self.numbers[row] = -1 if text is None else self.number_of.setdefault(text, len(self.number_of))


class LabelColumns:
    """A column per key that a caller has asked about, kept up to date node by node."""

    def __init__(self) -> None:
        self._labels: list[Mapping[str, str]] = []
        self._names: list[str] = []
        self._columns: dict[tuple[bool, str], _Column] = {}

    def set(self, row: int, name: str, labels: Mapping[str, str]) -> None:
        """The node in a row, which is at most one beyond the last. O(columns)."""
        if row == len(self._labels):
            self._labels.append({})
            self._names.append("")
        self._labels[row], self._names[row] = dict(labels), name
        for (is_field, key), column in list(self._columns.items()):
            if len(column.number_of) > 2 * len(self._names) + 1024:
                del self._columns[is_field, key]  # mostly values of nodes long gone; made again when asked for
            else:
                column.put(row, self._text(row, is_field, key))

    def numbers(self, key: str, rows: int) -> IntArray:
        """Of the first rows, the number of each one's value of a label; -1 where it has none. Shape (rows,)."""
        return self._column(False, key).numbers[:rows].copy()

    def value(self, key: str, row: int) -> str | None:
        """A row's value of a label, if it has one."""
        return self._labels[row].get(key)

    def matches(self, term: Term, rows: IntArray) -> BoolArray:
        """Per row given: all conditions of the term hold; a term without any matches nothing."""
        if not term.expressions and not term.fields:
            return np.zeros(len(rows), bool)
        fits = np.ones(len(rows), bool)
        for requirement in term.expressions:
            fits &= self.satisfies(requirement, rows)
        for requirement in term.fields:
            fits &= self._field_satisfies(requirement, rows)
        return fits

    def satisfies(self, requirement: Requirement, rows: IntArray) -> BoolArray:
        """Per row given: the condition on a label holds, as Kubernetes has it.

        A missing label satisfies NotIn and DoesNotExist only. A malformed condition (an unknown operator, too
        few or too many values, a bound that is no integer) holds nowhere.
        """
        values = requirement.values
        match requirement.operator:
            case "In" if values:
                return self._among(False, requirement.key, values, rows)
            case "NotIn" if values:
                return ~self._among(False, requirement.key, values, rows)
            case "Exists" if not values:
                return self._column(False, requirement.key).numbers[rows] >= 0
            case "DoesNotExist" if not values:
                return self._column(False, requirement.key).numbers[rows] < 0
            case "Gt" | "Lt" if len(values) == 1:
                return self._beyond(requirement, rows)
            case _:
                return np.zeros(len(rows), bool)

    def _field_satisfies(self, requirement: Requirement, rows: IntArray) -> BoolArray:
        """Kubernetes allows In and NotIn with one value, on the node's name."""
        if requirement.key == NAME_FIELD and len(requirement.values) == 1:
            if requirement.operator == "In":
                return self._among(True, NAME_FIELD, requirement.values, rows)
            if requirement.operator == "NotIn":
                return ~self._among(True, NAME_FIELD, requirement.values, rows)
        return np.zeros(len(rows), bool)

    def _among(self, is_field: bool, key: str, texts: tuple[str, ...], rows: IntArray) -> BoolArray:
        column = self._column(is_field, key)
        wanted = [column.number_of[text] for text in texts if text in column.number_of]
        numbers = column.numbers[rows]
        return numbers == wanted[0] if len(wanted) == 1 else np.isin(numbers, wanted)

    def _beyond(self, requirement: Requirement, rows: IntArray) -> BoolArray:
        bound = _integer(requirement.values[0])
        if bound is None:
            return np.zeros(len(rows), bool)
        column = self._column(False, requirement.key)
        fitting = []
        for text, number in column.number_of.items():
            value = _integer(text)
            if value is not None and (value > bound if requirement.operator == "Gt" else value < bound):
                fitting.append(number)
        return np.isin(column.numbers[rows], fitting)

    def _column(self, is_field: bool, key: str) -> _Column:
        column = self._columns.get((is_field, key))
        if column is None:
            if len(self._columns) >= _COLUMN_LIMIT:
                del self._columns[next(iter(self._columns))]
            column = self._columns[is_field, key] = _Column(np.full(len(self._names), -1, np.int64))
            for row in range(len(self._names)):
                column.put(row, self._text(row, is_field, key))
        return column

    def _text(self, row: int, is_field: bool, key: str) -> str | None:
        return self._names[row] if is_field else self._labels[row].get(key)


def _integer(text: str) -> int | None:
    """As Go's `ParseInt(text, 10, 64)` reads it."""
    value = int(text) if _INTEGER.fullmatch(text) else None
    return value if value is not None and -(2**63) <= value < 2**63 else None
