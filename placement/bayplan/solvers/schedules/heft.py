"""Heterogeneous earliest finish time."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.scheduling.placing import place
from bayplan.solvers.schedules.activities import placements
from bayplan.solvers.schedules.bounds import lower_bound
from bayplan.solvers.schedules.planner import Budget, Meter, ScheduleSolution, finished
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import list_by, upward_rank


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


def insertion(
    problem: GraphProblem, order: IntArray, fixed: IntArray | None = None, bias: FloatArray | None = None
) -> Schedule:
    """Tasks in the order of a list, each into the earliest gap of the processor with the least end + bias.

    `order`: shape (tasks,), parents before children; `fixed`: shape (tasks,), processors that are settled, -1: not;
    `bias`: shape (tasks, processors), seconds, none: 0.
    """
    tasks = problem.tasks
    plan = (np.zeros(tasks, np.int64), np.zeros(tasks), np.zeros(tasks), np.zeros(tasks, np.int64))
    settled = np.full(tasks, -1, np.int64) if fixed is None else fixed
    place(placements(problem), order, settled, np.zeros((1, problem.processors)) if bias is None else bias, plan)
    return Schedule(plan[0], plan[1], plan[2])
