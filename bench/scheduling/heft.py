"""Heterogeneous earliest finish time."""

from dataclasses import dataclass

from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, upward_rank
from bench.scheduling.bounds import lower_bound
from bench.scheduling.planner import ScheduleSolution, finished


@dataclass(frozen=True, slots=True)
class Heft:
    """Upward rank, then the processor on which each task ends first, into the earliest gap that holds it.

    Topcuoglu, Hariri & Wu 2002. The budget and the seed do not matter. O(edges + tasks x (processors + tasks)).
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """One schedule."""
        return finished(heft(problem), lower_bound(problem), Meter(budget, used=1))


def heft(problem: GraphProblem) -> Schedule:
    """HEFT's schedule."""
    return insertion(problem, list_by(problem, upward_rank(problem)))
