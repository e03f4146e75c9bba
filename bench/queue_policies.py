"""Policies of the benchmark of prediction: those it is measured against, and ours."""

import math
from collections.abc import Callable

import numpy as np

from bayplan.knowledge.run_times.run_times import RunTimes
from bayplan.knowledge.run_times.runs import TaskRun, Unknown
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.strategy.ordering.shortest_expected import keys
from bench.lookalikes.model import Lookalikes
from bench.queueing import Jobs, Policy, Ranked

_WEIGHT = 0.2
"""Of the newest run in the exponential average."""


def fifo(jobs: Jobs) -> Policy:
    """The job that came first goes first."""
    return Ranked(float)


def oracle(jobs: Jobs) -> Policy:
    """Shortest first by true run times."""
    return Ranked(lambda job: float(jobs.seconds[job]))


def fewest(jobs: Jobs) -> Policy:
    """Fewest GPUs first."""
    return Ranked(lambda job: float(jobs.processors[job]))


class _Average(Ranked):
    """Shortest first by an average, over ended jobs with as many GPUs (all, if there are none), of the log run time."""

    def __init__(self, jobs: Jobs, weight: Callable[[int], float]) -> None:
        super().__init__(self._expected)
        self._jobs, self._weight = jobs, weight
        self._found: dict[int | None, tuple[int, float]] = {}

    def end(self, job: int, now: float) -> None:
        """Learn."""
        for group in (int(self._jobs.processors[job]), None):
            count, mean = self._found.get(group, (0, 0.0))
            step = math.log(self._jobs.seconds[job]) - mean
            self._found[group] = count + 1, mean + step * (self._weight(count + 1) if count else 1.0)

    def _expected(self, job: int) -> float:
        group = int(self._jobs.processors[job])
        return self._found.get(group, self._found.get(None, (0, 0.0)))[1]


def log_mean(jobs: Jobs) -> Policy:
    """The running mean of the log."""
    return _Average(jobs, lambda count: 1.0 / count)


def exponential(jobs: Jobs) -> Policy:
    """The exponential average of the log."""
    return _Average(jobs, lambda _: _WEIGHT)


class Predicted:
    """ShortestExpected over jobs without names."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs, self._model = jobs, Lookalikes()

    def come(self, job: int, now: float) -> None:
        """Learn."""
        self._model.come(job, float(self._jobs.came[job]), int(self._jobs.processors[job]))

    def start(self, job: int, now: float) -> None:
        """Learn."""
        self._model.start(job, now)

    def end(self, job: int, now: float) -> None:
        """Learn."""
        self._model.end(job, float(self._jobs.seconds[job]))

    def keys(self, waiting: IntArray, now: float) -> FloatArray:
        """As the order has them."""
        return keys(self._model.log_expected(waiting.tolist(), now), now - self._jobs.came[waiting])


class PredictedByTask:
    """ShortestExpected over tasks that come back."""

    def __init__(self, jobs: Jobs, task: IntArray) -> None:
        self._jobs, self._task, self._model = jobs, task, RunTimes()

    def come(self, job: int, now: float) -> None:
        """Of no interest."""

    def start(self, job: int, now: float) -> None:
        """Of no interest."""

    def end(self, job: int, now: float) -> None:
        """Learn."""
        self._model.observe(TaskRun(f"task-{self._task[job]}"), float(self._jobs.seconds[job]), now)

    def keys(self, waiting: IntArray, now: float) -> FloatArray:
        """As the order has them."""
        tasks, place = np.unique(self._task[waiting], return_inverse=True)
        found = [self._model.predict(TaskRun(f"task-{each}")) for each in tasks]
        expected = np.array([np.nan if isinstance(each, Unknown) else each.log_expected for each in found], np.float64)
        return keys(expected[place], now - self._jobs.came[waiting])


PHILLY: dict[str, Callable[[Jobs], Policy]] = {
    "fifo": fifo,
    "oracle": oracle,
    "log-mean": log_mean,
    "exponential": exponential,
    "fewest-gpus": fewest,
    "predicted": Predicted,
}
