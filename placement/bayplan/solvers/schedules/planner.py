"""The common shape of graph planners: a problem, a budget and a seed give a solution."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bayplan.model.stop import never
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan.solvers.schedules.problem import GraphProblem, Schedule


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a planner may search. It ends with whichever comes first; the library itself reads no clock.

    Raises `ValueError` for negative steps.
    """

    steps: int | None = 10_000
    """Schedules that may be generated; branch and bound counts 64 states as one. None: any number."""
    stop: Callable[[], bool] = never
    """Asked every few milliseconds; true ends the search. The same seed gives the same schedule only without it."""

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 0:
            raise ValueError(f"steps is {self.steps}: it must be 0 or above")


@dataclass(frozen=True, slots=True)
class ScheduleSolution:
    """A schedule, and how good it is."""

    schedule: Schedule
    makespan: float
    """Seconds."""
    lower_bound: float
    """Seconds that no schedule can beat."""
    proved: bool
    """No schedule is shorter."""
    schedules: int
    """How many were generated: every pass of a generation scheme, forward or backward, counts as one."""


class GraphPlanner(Protocol):
    """Makes a schedule; never changes the problem. Planners that improve on a start never return a worse one."""

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best schedule found. `seed`: what its random numbers start from."""
        ...


@dataclass(slots=True)
class Meter:
    """What of a budget has been used."""

    budget: Budget
    used: int = 0

    def slice(self, wanted: int) -> int:
        """How many of the wanted steps may be taken now; 0: the budget is over."""
        if self.budget.stop():
            return 0
        return wanted if self.budget.steps is None else min(wanted, self.budget.steps - self.used)


def at_once(steps: int) -> int:
    """Of steps that take a few milliseconds when compiled, those to take between two looks at the stop function."""
    return steps if HAVE_NUMBA else max(3, steps // 100)


def enough(bound: float) -> float:
    """The makespan at which a bound counts as reached: sums of the same seconds in another order may differ a little."""
    return bound * (1 + 1e-9)


def finished(schedule: Schedule, bound: float, meter: Meter, *, proved: bool = False) -> ScheduleSolution:
    """The solution of a schedule: proved, if it was proved otherwise or is as short as the bound."""
    makespan = schedule.makespan
    proved = proved or makespan <= enough(bound)
    return ScheduleSolution(schedule, makespan, makespan if proved else bound, proved, meter.used)
