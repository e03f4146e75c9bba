"""Local search on processors that differ."""

from dataclasses import dataclass

from bayplan.solvers.schedules.annealing import Annealed
from bayplan.solvers.schedules.budget import Budget, Meter, enough
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.scheduling.bounds import lower_bound
from bench.scheduling.heft import heft
from bench.scheduling.planner import ScheduleSolution, finished


@dataclass(frozen=True, slots=True)
class Annealing:
    """The library's simulated annealing from HEFT's schedule on; never worse than it."""

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best schedule seen."""
        bound = lower_bound(problem)
        meter = Meter(budget, used=1)
        return finished(annealed(problem, heft(problem), enough(bound), meter, seed), bound, meter)


def annealed(problem: GraphProblem, begin: Schedule, goal: float, meter: Meter, seed: int) -> Schedule:
    """The best schedule found from one on until the budget is over or the goal is reached; never longer than that."""
    search = Annealed(problem, begin, lots(seed))
    search.advance(goal, meter)
    return search.best()
