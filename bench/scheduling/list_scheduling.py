"""List schedules by several priority rules, with forward-backward improvement."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import heads, list_by, mean_durations, tails, upward_rank
from bench.scheduling.activities import activities
from bench.scheduling.bounds import fastest, lower_bound
from bench.scheduling.identical import from_starts
from bench.scheduling.kernels.resources import justify, serial
from bench.scheduling.planner import ScheduleSolution, finished
from bench.scheduling.problem import SchedulingProblem

_ROUNDS = 8


def rules(problem: SchedulingProblem) -> list[FloatArray]:
    """Priorities of the tasks, shape (tasks,) each: the higher, the sooner.

    Longest chain behind (HLFET: Adam, Chandy & Dickson 1974), that with the most children, that with the most work behind
    its children, longest chain through the task, longest duration.
    """
    durations = fastest(problem)
    tail = tails(problem, durations)
    graph = problem.topology
    children = np.diff(graph.children.indptr)
    span = 1.0 + float(tail.max())
    behind = np.zeros(problem.tasks)
    np.add.at(behind, problem.parents, tail[problem.children])
    through = heads(problem, durations) + tail
    return [tail, tail + span * 1e-3 * children, tail + behind / (1 + children), through * span + tail, durations + tail / span]


def best_list(problem: SchedulingProblem) -> tuple[FloatArray, int]:
    """Starts, shape (tasks,), of the best of the lists by each rule, each improved as long as it gets shorter; and the passes.

    For identical processors and for resources. O(rules x tasks^2 x resources).
    """
    work = activities(problem)
    best, best_starts, passes = np.inf, np.zeros(problem.tasks), 0
    for priority in rules(problem):
        order, starts = list_by(problem, priority), np.zeros(problem.tasks)
        makespan = serial(work, order, False, starts)
        passes += 1
        for _ in range(_ROUNDS):
            if makespan < best:
                best, best_starts = makespan, starts.copy()
            shorter = justify(work, order, starts)
            passes += 2
            if shorter >= makespan:
                break
            makespan = shorter
    return best_starts, passes


def first_list(problem: SchedulingProblem, meter: Meter) -> Schedule:
    """One schedule, by the longest chain behind each task; counted as one."""
    meter.used += 1
    if isinstance(problem, GraphProblem) and not problem.identical:
        return insertion(problem, list_by(problem, upward_rank(problem)))
    starts = np.zeros(problem.tasks)
    serial(activities(problem), list_by(problem, tails(problem, fastest(problem))), False, starts)
    return from_starts(problem, starts)


def best_insertion(problem: GraphProblem) -> tuple[Schedule, int]:
    """The best of three lists on processors that differ, and the passes.

    By the longest chain behind each task, with mean durations and transfers or with the least of either, and through it.
    """
    mean = mean_durations(problem)
    rank = tails(problem, mean, problem.seconds)
    priorities = (rank, tails(problem, fastest(problem)), heads(problem, mean, problem.seconds) + rank)
    found = [insertion(problem, list_by(problem, each)) for each in priorities]
    return min(found, key=lambda each: each.makespan), len(found)


@dataclass(frozen=True, slots=True)
class ListScheduling:
    """The best of the list schedules by several rules, improved by shifting all tasks right and left again.

    Forward-backward improvement (Li & Willis 1992) where processors are identical; where they differ, insertion by the
    same rules with mean durations. The budget and the seed do not matter. O(tasks^2 + edges), or as HEFT.
    """

    def __call__(self, problem: SchedulingProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """One pass per rule, and two per improvement. Also for `ResourceProblem`."""
        meter = Meter(budget)
        if isinstance(problem, GraphProblem) and not problem.identical:
            schedule, meter.used = best_insertion(problem)
        else:
            starts, meter.used = best_list(problem)
            schedule = from_starts(problem, starts)
        return finished(schedule, lower_bound(problem), meter)
