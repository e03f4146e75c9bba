"""Decide once, record, then act."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Commitment(Generic[T]):
    """A decision that must outlive the operator: it stands in its graph's status before anything follows from it.

    An operator that is killed before the record has done nothing, and its successor decides again; after the record, the
    successor finds it and goes on the same way. So no graph is ever run by two decisions.
    """

    def __init__(self, read: Callable[[Mapping[str, Any]], T | None]) -> None:
        """``read`` finds the decision in a graph's status; ``None``: there is none, or not a whole one."""
        self._read = read
        self.needed: bool | None = None
        """The graph cannot go on without it; ``None``: not known yet."""
        self.value: T | None = None
        self.why = ""
        """Why this, where this process decided it."""
        self._recorded = self._bound = False
        """It stands in the status; and it has stood there at some time, so that it stays whatever becomes of the status."""
        self._withdrawn: T | None = None

    def decide(self, value: T, why: str = "") -> None:
        """Once. Raises ``ValueError`` where another decision was recorded before: that one must be withdrawn first."""
        if self._bound and value != self.value:
            raise ValueError(f"{self.value!r} was recorded: it cannot become {value!r}")
        self.value, self.why = value, why

    def withdraw(self) -> None:
        """What it was decided for is no more: it may be decided again, or is not needed."""
        if self.value is not None:
            self._withdrawn = self.value
        self.value, self.why, self._recorded, self._bound = None, "", False, False

    def find(self, status: Mapping[str, Any]) -> None:
        """The API server has this status now. What another operator has recorded there counts, unless ours was recorded."""
        found = self._read(status)
        if self.needed is not False and not self._bound and found not in (None, self.value, self._withdrawn):
            self.value, self.why = found, ""
        self._recorded = found is not None and found == self.value
        self._bound = self._bound or self._recorded

    @property
    def open(self) -> bool:
        """It has to be decided."""
        return self.needed is True and self.value is None

    @property
    def settled(self) -> bool:
        """What follows from it may happen: it stands in the status, or there is nothing to decide."""
        return not self.needed or (self.value is not None and self._recorded)
