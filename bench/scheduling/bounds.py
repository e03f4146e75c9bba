"""Lower bounds on the makespan for identical processors and for shared resources, beside those of the library."""

import math

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.bounds import MOST_INSTANTS, instants
from bayplan.solvers.schedules.bounds import fastest as fastest_on_processors
from bayplan.solvers.schedules.bounds import lower_bound as on_processors
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.ranks import heads, tails
from bench.scheduling.problem import ResourceProblem, SchedulingProblem

_ROUNDS = 64


def lower_bound(problem: SchedulingProblem) -> float:
    """The best of the bounds here that suit the problem; rounded up where all durations are multiples of a whole number."""
    if isinstance(problem, ResourceProblem):
        bound = max(_longest_chain(problem), *(_resource_work(problem, number) for number in range(len(problem.capacities))))
    else:
        bound = on_processors(problem)
    unit = quantum(problem)
    bound = rounded_up(bound, unit)
    if isinstance(problem, GraphProblem) and problem.identical and not problem.free_from.any():
        bound = max(bound, energetic(problem, bound, unit))
    return bound


def fastest(problem: SchedulingProblem) -> FloatArray:
    """Per task, the seconds that it takes at least; shape (tasks,)."""
    return problem.durations if isinstance(problem, ResourceProblem) else fastest_on_processors(problem)


def quantum(problem: SchedulingProblem) -> float:
    """The greatest whole number that all durations and availabilities are multiples of; 0: they are not all whole.

    Then an optimal makespan is a multiple of it too, unless something is moved between processors.
    """
    values = problem.durations[np.isfinite(problem.durations)]
    if isinstance(problem, GraphProblem):
        if problem.seconds.any():
            return 0.0
        values = np.concatenate((values, problem.free_from))
    if not (values == np.floor(values)).all() or values.max() > 2.0**52:
        return 0.0
    return float(np.gcd.reduce(values.astype(np.int64)))


def rounded_up(bound: float, unit: float) -> float:
    """The bound, rounded up to a multiple of the unit (0: as it is), but for rounding errors."""
    return math.ceil(bound / unit - 1e-9) * unit if unit > 0 else bound


def energetic(problem: GraphProblem, bound: float, unit: float) -> float:
    """The least makespan, from `bound` up, at which every interval of time has room for what must run in it.

    For identical processors that are free at once. A makespan C gives each task an earliest start and a latest end; its
    least overlap with an interval counts (Fernandez & Bussell 1973; Baptiste, Le Pape & Nuijten 1999). Where an
    interval is short of room, C grows by the lack over the number of processors. O(rounds x instants^2 x tasks),
    rounds at most 64, instants at most 192 at either side, fewer for many tasks.
    """
    durations, processors = problem.durations[:, 0], problem.processors
    before = heads(problem, durations)
    tail = tails(problem, durations)
    most = max(16, min(2 * MOST_INSTANTS, 20_000 // problem.tasks))
    first = instants(np.concatenate((before, before + durations)), most)
    last = instants(np.concatenate((tail, tail - durations)), most)
    earliest_end = before + durations
    for _ in range(_ROUNDS):
        lack = 0.0
        latest_start, ends = bound - tail, bound - last
        for begin in first:
            later = ends[ends > begin]
            left = np.clip(earliest_end - begin, 0.0, durations)
            right = np.clip(later[:, None] - latest_start, 0.0, durations)
            must = np.minimum(np.minimum(left, right), (later - begin)[:, None]).sum(axis=1)
            lack = max(lack, float((must - processors * (later - begin)).max(initial=0.0)))
        if lack <= 1e-9 * bound:
            break
        bound = rounded_up(bound + lack / processors, unit)
    return bound


def _longest_chain(problem: ResourceProblem) -> float:
    return float(tails(problem, problem.durations).max())


def _resource_work(problem: ResourceProblem, resource: int) -> float:
    """One resource's work between earliest starts and latest ends, as in `windows`. O(tasks^2)."""
    capacity = int(problem.capacities[resource])
    if capacity == 0:
        return 0.0
    users = problem.demands[:, resource] > 0
    before, behind = heads(problem, problem.durations), tails(problem, problem.durations) - problem.durations
    energy = problem.durations * problem.demands[:, resource]
    bound = 0.0
    for begin in instants(before[users]) if users.any() else ():
        inside = users & (before >= begin)
        by_end = np.argsort(-behind[inside], kind="stable")
        total = np.cumsum(energy[inside][by_end])
        bound = max(bound, float((begin + behind[inside][by_end] + total / capacity).max()))
    return bound
