"""How long runs are expected to take: predictions that are made once and kept until something was learned."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.knowledge.run_times.run_times import RunTimes
from bayplan.knowledge.run_times.runs import TaskRun, Unknown
from bayplan.model.arrays import FloatArray
from bayplan.model.run_law import RunLaw
from bayplan.model.stop import never
from bayplan.model.workload import Request

PAUSE = 2.0
"""Seconds from one renewal to the next, at least."""
_LATE = 0.95
_LARGEST_LOG = 700.0


class Expectations:
    """Predictions by run. What was learned counts from the next renewal on: it makes all of them again, since every run says
    something about all tasks. Once nothing more is learned they are what the run times alone say, to the last bit."""

    def __init__(self, run_times: RunTimes, run_of: Callable[[Request], TaskRun | None]) -> None:
        """`run_of`: under what a request's run time is learned; `None`: nothing is known of the request's task."""
        self._run_times = run_times
        self._run_of = run_of
        self._known: dict[TaskRun, RunTime | Unknown] = {}
        self._logs: dict[object, float] = {}
        """By run, and by what new tasks have in common of which the same is said."""
        self._families: dict[str, int] = {}
        self._tasks: set[tuple[str, str]] = set()
        self._changed = False
        self._not_before = -math.inf
        self._waiting: list[TaskRun] | None = None
        """What is still to be predicted; `None`: no renewal is under way."""
        self._fresh: dict[TaskRun, RunTime | Unknown] = {}

    @property
    def renewing(self) -> bool:
        """A renewal is under way."""
        return self._waiting is not None

    @property
    def due_at(self) -> float | None:
        """When a renewal may begin; `None`: nothing was learned since the last one."""
        return self._not_before if self._changed else None

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

    def renew(self, now: float, wanted: Callable[[], Iterable[TaskRun]], stop: Callable[[], bool] = never) -> bool:
        """Let what was learned count, if it is time: predict again for all the runs that are wanted. Answers whether that has
        just been completed. `now`: seconds of any one clock; `stop`: the rest is left for the next call."""
        if self._waiting is None:
            if not self._changed or now < self._not_before:
                return False
            self._changed, self._fresh = False, {}
            self._waiting = list({self._key(run) for run in self._unlike(wanted())})
        while self._waiting and not stop():
            run = self._waiting.pop()
            self._fresh[run] = self._run_times.predict(run)
        if self._waiting:
            return False
        self._waiting = None
        self._known = self._fresh
        self._logs.clear()
        self._not_before = now + PAUSE
        return True

    def rest(self, until: float) -> None:
        """Begin no renewal before an instant of the clock."""
        self._not_before = max(self._not_before, until)

    def predict(self, run: TaskRun) -> RunTime | Unknown:
        """The prediction; one for all tasks that are new and of which the same is said. O(1) where it was made before."""
        run = self._key(run)
        if run not in self._known:
            self._known[run] = self._run_times.predict(run)
        return self._known[run]

    def made(self, run: TaskRun) -> RunTime | None:
        """The prediction, where it has been made and is one."""
        found = self._known.get(self._key(run))
        return found if isinstance(found, RunTime) else None

    def seconds(self, run: TaskRun) -> float | None:
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

    def law(self, run: TaskRun, most: float = math.inf) -> RunLaw | None:
        """The next run as a log-normal around `seconds`, with the deviation that was learned; `None`: nothing is known of it.

        `most`: seconds after which it is stopped for sure. Where nothing else is known, it is taken to run so long.
        """
        seconds = self.seconds(run)
        if seconds is None or not seconds > 0:
            return RunLaw(most, most=most) if math.isfinite(most) else None
        found = self.predict(run)
        return RunLaw(seconds, 0.0 if isinstance(found, Unknown) else found.log_deviation, most)

    def late(self, run: TaskRun, side_by_side: int = 1) -> float | None:
        """Seconds within which so many runs side by side are all expected to end with a probability of 95 %; `None`: no run of
        the task is known. They are taken to be independent: if they are not, it is later than need be."""
        if (run.family, run.task) not in self._tasks:
            return None
        found = self.predict(run)
        return None if isinstance(found, Unknown) else found.quantile(_LATE ** (1 / side_by_side))

    def seconds_of(self, runs: Sequence[TaskRun]) -> FloatArray:
        """`seconds` of each, shape (runs,); NaN where nothing is known. Tasks that are new, and of which the same is said, are
        looked up once: of a large graph that is most of them."""
        found, of_new = np.empty(len(runs)), dict[tuple[object, ...], float | None]()
        for number, run in enumerate(runs):
            if (run.family, run.task) in self._tasks:
                seconds = self.seconds(run)
            else:
                said = run.family, run.node_class, run.hint, run.size
                if said not in of_new:
                    of_new[said] = self.seconds(run)
                seconds = of_new[said]
            found[number] = np.nan if seconds is None else seconds
        return found

    def log_expected(self, requests: Sequence[Request], now: float) -> FloatArray:
        """The forecast that orders ask for, shape (requests,); NaN where nothing is known. O(requests)."""
        return np.array([self._log(self._run_of(each)) for each in requests], np.float64)

    def _unlike(self, runs: Iterable[TaskRun]) -> Iterator[TaskRun]:
        """Those of which the predictions may differ."""
        seen = set[tuple[object, ...]]()
        for run in runs:
            if (run.family, run.task) in self._tasks:
                yield run
            elif (said := (run.family, run.node_class, run.hint, run.size)) not in seen:
                seen.add(said)
                yield run

    def _key(self, run: TaskRun) -> TaskRun:
        if (run.family, run.task) in self._tasks:  # what was learned takes the place of the hint
            return run if run.hint is None else TaskRun(run.task, run.family, run.node_class, None, run.size)
        return TaskRun("", run.family, run.node_class, run.hint, run.size) if run.task else run

    def _log(self, run: TaskRun | None) -> float:
        if run is None:
            return np.nan
        known = self._logs.get(run)
        if known is None:
            alike = run if (run.family, run.task) in self._tasks else (run.family, run.node_class, run.hint, run.size)
            known = self._logs.get(alike)
            if known is None:
                found = self.predict(run)
                known = self._logs[alike] = np.nan if isinstance(found, Unknown) else found.log_expected
            self._logs[run] = known
        return known
