"""How long runs are expected to take: predictions, made once and kept until something was learned."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from bayplan.arrays import FloatArray
from bayplan.prediction import Run, RunTime, RunTimes, Unknown
from bayplan.workload import Request
from bayplan_operator import metrics

_PAUSE, _PAUSES = 2.0, 20.0
"""Seconds from one renewal to the next, at least; and how many times what the last one took."""


class Expectations:
    """Predictions by run. What was learned counts from the next renewal on: all of them are then made anew, since every run
    says something about all tasks."""

    def __init__(self, run_times: RunTimes, run_of: Callable[[Request], Run | None]) -> None:
        self._run_times = run_times
        self._run_of = run_of
        self._known: dict[Run, RunTime | Unknown] = {}
        self._logs: dict[Run, float] = {}
        self._families: dict[str, int] = {}
        self._tasks: set[tuple[str, str]] = set()
        self._next = 0.0
        self._changed = False
        self._spent = 0.0

    def learned(self, family: str, task: str) -> None:
        """There is news of a task."""
        self._changed = True
        if (family, task) not in self._tasks:
            self._tasks.add((family, task))
            self._families[family] = self._families.get(family, 0) + 1

    def forgotten(self, family: str, task: str) -> None:
        """Nothing is known of a task any more."""
        self._changed = True
        if (family, task) in self._tasks:
            self._tasks.remove((family, task))
            self._families[family] -= 1

    def renew(self) -> bool:
        """Let what was learned count, if it is time; answers whether it does."""
        if not self._changed or time.monotonic() < self._next:
            return False
        self._known.clear()
        self._logs.clear()
        self._changed = False
        return True

    @property
    def wait(self) -> float | None:
        """Seconds until `renew` has something to do; none: nothing was learned since."""
        return max(0.0, self._next - time.monotonic()) if self._changed else None

    def renewed(self, began: float) -> None:
        """A renewal that began then, by the monotonic clock, is over."""
        took = time.monotonic() - began
        metrics.EXPECTATION_SECONDS.observe(took)
        self._next = time.monotonic() + max(_PAUSE, _PAUSES * took)

    def predict(self, run: Run) -> RunTime | Unknown:
        """The prediction; one for all tasks that are new and of which the same is said. O(1) where it was made before."""
        run = self._key(run)
        if run not in self._known:
            self._known[run] = self._run_times.predict(run)
        return self._known[run]

    def made(self, run: Run) -> RunTime | None:
        """The prediction, where it has been made and is one."""
        found = self._known.get(self._key(run))
        return found if isinstance(found, RunTime) else None

    def _key(self, run: Run) -> Run:
        return run if (run.family, run.task) in self._tasks else replace(run, task="")

    def seconds(self, run: Run) -> float | None:
        """Mean seconds of the next run; of a task that is new, what its author says, else what its family shows, if any."""
        if (run.family, run.task) not in self._tasks:
            if run.hint is not None:
                return run.hint
            if not self._families.get(run.family):
                return None
        found = self.predict(run)
        return None if isinstance(found, Unknown) else found.mean

    def log_expected(self, requests: Sequence[Request], now: float) -> FloatArray:
        """The forecast that orders ask for; NaN where nothing is known. O(requests)."""
        return np.array([self._log(self._run_of(each)) for each in requests], np.float64)

    def _log(self, run: Run | None) -> float:
        if run is None:
            return np.nan
        if run not in self._logs:
            found = self.predict(run)
            self._logs[run] = np.nan if isinstance(found, Unknown) else found.log_expected
        return self._logs[run]
