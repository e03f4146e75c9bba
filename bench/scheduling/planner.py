"""The common shape of graph planners: a problem, a budget and a seed give a solution."""

from dataclasses import dataclass
from typing import Protocol

from bayplan.solvers.schedules.budget import Budget, Meter, enough
from bayplan.solvers.schedules.problem import GraphProblem, Schedule


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


def finished(schedule: Schedule, bound: float, meter: Meter, *, proved: bool = False) -> ScheduleSolution:
    """The solution of a schedule: proved, if it was proved otherwise or is as short as the bound."""
    makespan = schedule.makespan
    proved = proved or makespan <= enough(bound)
    return ScheduleSolution(schedule, makespan, makespan if proved else bound, proved, meter.used)
