"""Which runs of a task have been counted, so that none is counted twice, however often it is looked at."""

from collections.abc import Mapping

REMEMBERED = 600.0
"""Seconds for which a run is remembered by name. What ended before is known to have been counted: an outcome is seen within
seconds, and after a restart before anything is forgotten."""
_SLACK = 0.05
"""Seconds: the record of a run rounds its times."""


class Ledger:
    """The runs that ended lately by name, and a time before which all have been counted."""

    def __init__(self, until: float, limit: int, counted: Mapping[str, float] | None = None) -> None:
        self.until = until
        self._limit = limit
        self._counted = dict(counted or {})

    def count(self, run: str, at: float) -> bool:
        """A run that ended then: whether it is news. O(1)."""
        if run in self._counted or at <= self.until + _SLACK:
            return False
        self._counted[run] = at
        return True

    def recent(self, now: float) -> Mapping[str, float]:
        """The runs that are remembered by name, to when they ended; forgets what is old, and the oldest of too many."""
        order = sorted(self._counted, key=lambda run: (self._counted[run], run))
        old = sum(at < now - REMEMBERED for at in self._counted.values())
        for run in order[: max(old, len(order) - self._limit)]:
            self.until = max(self.until, self._counted.pop(run))
        return self._counted
