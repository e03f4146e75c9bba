"""Schedules from nothing but starts: under shared resources, and on identical processors."""

import heapq

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.scheduling.problem import ResourceProblem, SchedulingProblem


def from_starts(problem: SchedulingProblem, starts: FloatArray) -> Schedule:
    """The schedule of starts that keep to the resources, or to the number of identical processors; shape (tasks,)."""
    if isinstance(problem, ResourceProblem):
        return Schedule(np.full(problem.tasks, -1, np.int64), starts, starts + problem.durations)
    return on_processors(problem, starts)


def on_processors(problem: GraphProblem, starts: FloatArray) -> Schedule:
    """Tasks by start onto the processor that became free last, as interval graphs are coloured.

    Never more processors than run at once (Gupta, Lee & Leung 1979). `starts`: shape (tasks,), of a schedule that keeps to the
    number of processors and to their availability. O(tasks log tasks).
    """
    durations = problem.durations[:, 0]
    finish = starts + durations
    processor = np.zeros(problem.tasks, np.int64)
    waiting = [(float(time), each) for each, time in enumerate(problem.free_from)]
    heapq.heapify(waiting)
    idle: list[tuple[float, int]] = []
    # Starts that were counted from the end of the schedule may be too early by a rounding error.
    slack = 1e-9 * float(finish.max())
    for task in np.lexsort((durations, starts)).tolist():
        while waiting and waiting[0][0] <= starts[task] + slack:
            time, each = heapq.heappop(waiting)
            heapq.heappush(idle, (-time, each))
        if durations[task] == 0:
            # It takes no time of any processor: one that is free or about to be does as well as any other.
            processor[task] = idle[0][1] if idle else waiting[0][1]
            continue
        _, processor[task] = heapq.heappop(idle)
        heapq.heappush(waiting, (float(finish[task]), int(processor[task])))
    return Schedule(processor, starts, finish)
