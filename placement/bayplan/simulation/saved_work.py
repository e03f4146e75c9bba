"""What checkpoints save: an attempt that was evicted or lost goes on where the last one was made."""

import math
from collections.abc import Sequence

from bayplan.model.arrays import IntArray
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome


class SavedWork:
    """Of units whose tasks make checkpoints, what is left to do. Checkpoints outlive the node."""

    def __init__(self, submissions: Sequence[Submission], log: AttemptLog) -> None:
        self._submissions, self._log = submissions, log
        self.any = any(each.checkpoints for each in submissions)
        self._left: dict[tuple[int, int], float] = {}
        """By graph and unit, the share of its run that is left; all of it where there is none."""
        self._whole: dict[int, float] = {}
        """By row of an attempt that runs, how long the whole run would take there."""

    def rest(self, row: int, seconds: float) -> float:
        """How long an attempt runs that would take so long if nothing had been saved."""
        if not self.any or self._every(row) is None:
            return seconds
        self._whole[row] = seconds
        return seconds * self._left.get((self._log.graph[row], self._log.unit[row]), 1.0)

    def ended(self, row: int) -> None:
        """An attempt is over."""
        whole = self._whole.pop(row, None) if self.any else None
        every = self._every(row) if whole is not None else None
        if whole is None or every is None:
            return
        key, log = (self._log.graph[row], self._log.unit[row]), self._log
        if log.outcome[row] in (AttemptOutcome.PREEMPTED, AttemptOutcome.LOST):
            log.saved[row] = math.floor((log.ended[row] - log.started[row]) / log.slowed[row] / every) * every
            self._left[key] = max(0.0, self._left.get(key, 1.0) - log.saved[row] / whole)
        elif log.outcome[row] != AttemptOutcome.FAILED:
            self._left.pop(key, None)

    def begin_again(self, number: int, units: IntArray) -> None:
        """Of a graph, by its number, these units run again from their begin."""
        for unit in units.tolist() if self.any else ():
            self._left.pop((number, unit), None)

    def _every(self, row: int) -> float | None:
        submission = self._submissions[self._log.graph[row]]
        if not submission.checkpoints:
            return None
        return submission.checkpoints[int(submission.graph.unit_task[self._log.unit[row]])]
