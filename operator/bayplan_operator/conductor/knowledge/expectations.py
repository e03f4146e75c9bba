"""How long runs are expected to take: predictions, made once and kept until something was learned."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from bayplan.knowledge.run_times import Run, RunTime, RunTimes, Unknown
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan_operator import metrics

_PAUSE, _PAUSES = 2.0, 20.0
"""Seconds from one renewal to the next, at least; and how many times what the last one took."""
_LARGEST_LOG = 700.0
_SLICE = 0.02
"""Seconds that a renewal may take of one tick."""


class Expectations:
    """Predictions by run. What was learned counts from the next renewal on: all of them are then made anew, since every run
    says something about all tasks. Once nothing more is learned they are what the profiles alone say, to the last bit."""

    def __init__(
        self,
        run_times: RunTimes,
        run_of: Callable[[Request], Run | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_times = run_times
        self._run_of = run_of
        self._monotonic = monotonic
        self._known: dict[Run, RunTime | Unknown] = {}
        self._logs: dict[Run, float] = {}
        self._families: dict[str, int] = {}
        self._tasks: set[tuple[str, str]] = set()
        self._next, self._spent = 0.0, 0.0
        self._changed = False
        self._waiting: list[Run] | None = None
        """What is still to be predicted anew; none: no renewal is under way."""
        self._fresh: dict[Run, RunTime | Unknown] = {}

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

    def renew(self, wanted: Callable[[], Iterable[Run]]) -> bool:
        """Let what was learned count, if it is time: predict anew for all the runs that are wanted, a slice at each call, so
        that no tick takes long. Answers whether that has just been completed."""
        began = self._monotonic()
        if self._waiting is None:
            if not self._changed or began < self._next:
                return False
            self._changed, self._fresh, self._spent = False, {}, 0.0
            self._waiting = list({self._key(run) for run in wanted()})
        while self._waiting and self._monotonic() - began < _SLICE:
            run = self._waiting.pop()
            self._fresh[run] = self._run_times.predict(run)
        took = self._monotonic() - began
        self._spent += took
        metrics.EXPECTATION_SECONDS.observe(took)
        if self._waiting:
            return False
        self._waiting = None
        self._known = self._fresh
        self._logs.clear()
        self._next = self._monotonic() + max(_PAUSE, _PAUSES * self._spent)
        return True

    @property
    def wait(self) -> float | None:
        """Seconds until `renew` has something to do; none: nothing was learned since."""
        if self._waiting is not None:
            return _SLICE
        return max(_SLICE, self._next - self._monotonic()) if self._changed else None

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
        known = (run.family, run.task) in self._tasks
        return replace(run, hint=None) if known else replace(run, task="")  # what was learned takes the place of the hint

    def seconds(self, run: Run) -> float | None:
        """The median of the next run; of a task that is new, what its author says, else what its family shows, if any.

        Not the mean: while little is known, that is mostly the tail.
        """
        if (run.family, run.task) not in self._tasks:
            if run.hint is not None:
                return run.hint
            if not self._families.get(run.family):
                return None
        found = self.predict(run)
        return None if isinstance(found, Unknown) else math.exp(min(found.log_mean, _LARGEST_LOG))

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
