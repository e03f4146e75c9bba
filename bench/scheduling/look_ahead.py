"""Earliest finish with a look at what comes after."""

from dataclasses import dataclass

import numpy as np

from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, optimistic_costs
from bench.scheduling.bounds import lower_bound
from bench.scheduling.planner import ScheduleSolution, finished


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Tasks by mean optimistic cost, each to the processor with the least end + optimistic cost of what remains.

    PEFT: Arabnejad & Barbosa 2014. The budget and the seed do not matter.
    O(edges x processors + tasks x (processors + tasks)).
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """One schedule."""
        return finished(look_ahead(problem), lower_bound(problem), Meter(budget, used=1))


def look_ahead(problem: GraphProblem) -> Schedule:
    """PEFT's schedule."""
    costs = optimistic_costs(problem)
    return insertion(problem, list_by(problem, np.asarray(costs.mean(axis=1))), bias=costs)
