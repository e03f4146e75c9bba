"""Schedules from lists of tasks: each into the earliest gap that holds it."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.scheduling.placing import place
from bayplan.solvers.schedules.placements import placements
from bayplan.solvers.schedules.problem import GraphProblem, Schedule


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
