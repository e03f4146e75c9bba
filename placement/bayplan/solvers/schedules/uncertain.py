"""Makespans of schedules whose run times are uncertain."""

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.kernels.scheduling.realising import realise
from bayplan.solvers.schedules.placements import placements
from bayplan.solvers.schedules.problem import GraphProblem, Schedule


def makespans(problem: GraphProblem, schedule: Schedule, deviation: FloatArray, normal: FloatArray) -> FloatArray:
    """Seconds, shape (times,): of the schedule with run times drawn so many times.

    Tasks keep their processors and their order there, and begin as soon as they can (right shift). Run times are log-normal
    around the problem's durations, which are their means: factor exp(s z - s^2 / 2). `deviation`: shape (tasks,), s of each
    task where the schedule has it; `normal`: shape (times, tasks), z, standard normal. Two schedules with the same z meet the
    same luck. O(times x (tasks + edges)).
    """
    place = np.empty(problem.tasks, np.int64)
    place[problem.topology.order] = np.arange(problem.tasks)
    found = np.empty(len(normal))
    factors = np.exp(deviation * normal - deviation**2 / 2)
    realise(placements(problem), np.lexsort((place, schedule.start)), schedule.processor, factors, found)
    return found
