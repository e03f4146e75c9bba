"""How well it went: running figures per task and node class, and the efficiency table that scorers use."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bayplan.knowledge.efficiency import Efficiency
from bayplan.knowledge.run_times.running import Running

_REPORTED = "reported."
_OWN = ("response", "run", "success", "cost", "start")


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended. Raises `ValueError` for figures that are none."""

    task: str
    node_class: str
    asked: float
    """Seconds since the epoch when it was ready to run, when it started, and when it ended."""
    started: float
    ended: float
    succeeded: bool = True
    cost: float = 0.0
    """The price of an hour where it ran."""
    reported: Mapping[str, float] = field(default_factory=dict)
    """What the task says of itself: accuracy, recall, F1, loss."""
    starting: float | None = None
    """Seconds from when its node had it until it started; none: not known."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        for name in ("asked", "started", "ended"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}: it must be seconds since the epoch")
        if not self.asked <= self.started <= self.ended:
            raise ValueError(
                f"ended is {self.ended}: asked ({self.asked}), started ({self.started}) and ended must follow each other"
            )
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ValueError(f"cost is {self.cost}: it must be a number, 0 or above")
        if self.starting is not None and not (math.isfinite(self.starting) and self.starting >= 0):
            raise ValueError(f"starting is {self.starting}: it must be seconds, 0 or above")
        for name, value in self.reported.items():
            if not math.isfinite(value):
                raise ValueError(f"reported.{name} is {value}: it must be a number")


@dataclass(slots=True)
class Figures:
    """Of all runs of one task on one node class, or of any other lot of runs."""

    response: Running = field(default_factory=Running)
    """Seconds from ready to ended."""
    run: Running = field(default_factory=Running)
    """Seconds from started to ended, of those that succeeded."""
    success: Running = field(default_factory=Running)
    """1 or 0: the mean is the success rate."""
    cost: Running = field(default_factory=Running)
    """Price of a run."""
    start: Running = field(default_factory=Running)
    """Seconds from when its node had it until it started, where that is known."""
    reported: dict[str, Running] = field(default_factory=dict)
    """By name, what those that succeeded said of themselves."""

    def by_name(self) -> dict[str, Running]:
        """All of them that hold something: response, run, success, cost, start, and reported.NAME."""
        own = {name: getattr(self, name) for name in _OWN}
        reported = {f"{_REPORTED}{name}": figure for name, figure in sorted(self.reported.items())}
        return {name: figure for name, figure in (own | reported).items() if figure.count}

    @classmethod
    def from_names(cls, figures: Mapping[str, Running]) -> "Figures":
        """From `by_name`. Raises `ValueError` for a name that is none."""
        made = cls()
        for name, figure in figures.items():
            if name in _OWN:
                setattr(made, name, figure)
            elif name.startswith(_REPORTED) and name != _REPORTED:
                made.reported[name.removeprefix(_REPORTED)] = figure
            else:
                raise ValueError(f"{name} is no figure: known are {', '.join(_OWN)} and {_REPORTED}NAME")
        return made

    def achieved(self, metric: str = "") -> float | None:
        """Successes per hour of running, times the mean of the metric that the task reports, if named; none: not known.

        Raises `ValueError` where that mean is negative: more must be better.
        """
        if not self.run.mean > 0 or (metric and metric not in self.reported):
            return None
        worth = self.reported[metric].mean if metric else 1.0
        if worth < 0:
            raise ValueError(f"its mean is {worth}: it must not be negative")
        # A failed attempt costs about as much time as a success.
        return worth * self.success.mean * 3600 / self.run.mean

    def add(self, outcome: EndedRun) -> None:
        """One more run."""
        seconds = outcome.ended - outcome.started
        self.response.add(outcome.ended - outcome.asked)
        self.success.add(float(outcome.succeeded))
        self.cost.add(outcome.cost * seconds / 3600)
        if outcome.starting is not None:
            self.start.add(outcome.starting)
        if outcome.succeeded:
            self.run.add(seconds)
            for name, value in outcome.reported.items():
                self.reported.setdefault(name, Running()).add(value)


class Evaluation:
    """Figures of everything that ended, per task and node class and in all. Its size is that of the tasks it is told of."""

    def __init__(self) -> None:
        self.everything = Figures()
        self.by_task: dict[tuple[str, str], Figures] = {}
        """(task, node class) to figures."""
        self._first, self._last, self._busy, self._done = math.inf, -math.inf, 0.0, 0

    def add(self, outcome: EndedRun) -> None:
        """One more run."""
        self.everything.add(outcome)
        self.by_task.setdefault((outcome.task, outcome.node_class), Figures()).add(outcome)
        self._first, self._last = min(self._first, outcome.asked), max(self._last, outcome.ended)
        self._busy += outcome.ended - outcome.started
        self._done += outcome.succeeded

    def restore(self, task: str, node_class: str, figures: Figures) -> None:
        """Take over what was known of a task on a class; the figures over everything stay those of what was seen since."""
        self.by_task[task, node_class] = figures

    def forget(self, task: str) -> None:
        """Let go of a task's own figures."""
        for key in [each for each in self.by_task if each[0] == task]:
            del self.by_task[key]

    @property
    def throughput(self) -> float:
        """Successes per second, from the first request to the last end; 0 before anything ended."""
        return self._done / (self._last - self._first) if self._last > self._first else 0.0

    def utilisation(self, places: int) -> float:
        """The share of the time of so many places that was spent running. Raises `ValueError` for places below 1."""
        if places < 1:
            raise ValueError(f"places is {places}: it must be 1 or above")
        return self._busy / (places * (self._last - self._first)) if self._last > self._first else 0.0


def efficiency(evaluation: Evaluation, metric: str = "", capability: Mapping[str, float] | None = None) -> Efficiency:
    """f(task, node class) = successes per hour of running there, times the mean of the metric that the task reports, if named.

    Where a task has no success on a class, or does not report the metric there, f is not known. `metric` must be one of
    which more is better. Raises `ValueError` where its mean is negative.
    """
    values: dict[tuple[str, str], float] = {}
    for (task, node_class), figures in evaluation.by_task.items():
        try:
            value = figures.achieved(metric)
        except ValueError as error:
            raise ValueError(f"metric is {metric}: of {task} on {node_class} {error}") from error
        if value is not None:
            values[task, node_class] = value
    return Efficiency(values, dict(capability or {}))
