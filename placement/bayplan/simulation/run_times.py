"""How long attempts run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.simulation.errors import SetupError
from bayplan.simulation.submission import Submission

_NOISE = 1
"""Keeps the draws for run times apart from those for failures."""


@dataclass(frozen=True, slots=True)
class TrueRunTimes:
    """Seconds = what the task takes on a node of speed 1, over the node's speed, times noise. Raises `SetupError`."""

    speeds: Mapping[str, float] = field(default_factory=dict)
    """Node class to speed; what is missing has 1. Twice the speed is half the time."""
    known: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(task, node class) to seconds, instead of what follows from the speed."""
    noise: float = 0.0
    """Coefficient of variation: each attempt's run time is log-normal around its mean. 0: exact."""

    def __post_init__(self) -> None:
        """Check the figures."""
        for node_class, speed in self.speeds.items():
            if not (math.isfinite(speed) and speed > 0):
                raise SetupError(f"speeds[{node_class}] is {speed}: it must be a number above 0")
        for (task, node_class), seconds in self.known.items():
            if not (math.isfinite(seconds) and seconds > 0):
                raise SetupError(f"the run time of task {task} on {node_class or 'any node'} is {seconds}: it must be above 0")
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise SetupError(f"noise is {self.noise}: it must be a coefficient of variation, 0 or above")

    @property
    def log_deviation(self) -> float:
        """The standard deviation of the log of a run time, of a log-normal with this coefficient of variation."""
        return math.sqrt(math.log1p(self.noise**2))

    def expected(self, submission: Submission, classes: Sequence[str]) -> FloatArray:
        """Shape (tasks, classes): seconds by what the author says and the speeds of node classes, which count as known."""
        graph = submission.graph
        base = np.array([task.duration for task in graph.tasks])
        if submission.expected is not None:
            base = np.where(submission.expected > 0, submission.expected, base)
        seconds = base[:, None] / np.array([self.speeds.get(each, 1.0) for each in classes])
        for (name, node_class), known in self.known.items():
            if name in graph.index:
                seconds[graph.index[name], [each == node_class for each in classes]] = known
        return np.asarray(seconds)


class DrawnTimes:
    """Run times with their noise. What is drawn depends on seed, submission, unit and incarnation alone, so that all
    policies meet the same luck."""

    def __init__(self, model: TrueRunTimes, submissions: Sequence[Submission], seed: int) -> None:
        self._model, self._submissions, self._seed = model, submissions, seed
        self._sigma = model.log_deviation
        self._base = [_seconds(each) for each in submissions]
        self._luck: dict[tuple[int, int], list[float]] = {}

    def chosen(self, submission: int) -> None:
        """A task of it runs another candidate from now on."""
        self._base[submission] = _seconds(self._submissions[submission])

    def seconds(self, submission: int, unit: int, incarnation: int, node_class: str) -> float:
        """Of one attempt on a node of a class."""
        model = self._model
        seconds = self._base[submission][unit]
        if model.speeds:
            seconds /= model.speeds.get(node_class, 1.0)
        if model.known:
            graph = self._submissions[submission].graph
            seconds = model.known.get((graph.tasks[graph.unit_task[unit]].name, node_class), seconds)
        return seconds * self._factors(submission, incarnation)[unit] if self._sigma else seconds

    def _factors(self, submission: int, incarnation: int) -> list[float]:
        key = (submission, incarnation)
        factors = self._luck.get(key)
        if factors is None:
            generator = np.random.default_rng([self._seed, _NOISE, *key])
            draws = generator.standard_normal(self._submissions[submission].graph.units)
            factors = self._luck[key] = np.exp(self._sigma * draws - self._sigma**2 / 2).tolist()
        return factors


def _seconds(submission: Submission) -> list[float]:
    """Per unit, on a node of speed 1."""
    graph, actual = submission.graph, submission.actual
    if graph.units == 1:  # thousands of jobs of one task each are common
        return [graph.tasks[0].duration if actual is None else float(actual[0])]
    per_task = [task.duration for task in graph.tasks] if actual is None else actual.tolist()
    return [per_task[task] for task in graph.unit_task.tolist()]
