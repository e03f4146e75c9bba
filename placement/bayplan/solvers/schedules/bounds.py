"""Lower bounds on the makespan: seconds that no schedule can beat."""

import math

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.problem import GraphProblem, ResourceProblem, SchedulingProblem
from bayplan.solvers.schedules.ranks import heads, tails

_INSTANTS = 96
_ROUNDS = 64


def lower_bound(problem: SchedulingProblem) -> float:
    """The best of the bounds here that suit the problem; rounded up where all durations are multiples of a whole number."""
    if isinstance(problem, ResourceProblem):
        bound = max(critical_path(problem), *(_resource_work(problem, number) for number in range(len(problem.capacities))))
    else:
        bound = max(critical_path(problem), work(problem), windows(problem))
    unit = quantum(problem)
    bound = rounded_up(bound, unit)
    if isinstance(problem, GraphProblem) and problem.identical and not problem.free_from.any():
        bound = max(bound, energetic(problem, bound, unit))
    return bound


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


def fastest(problem: SchedulingProblem) -> FloatArray:
    """Per task, the seconds that it takes at least; shape (tasks,)."""
    return problem.durations if isinstance(problem, ResourceProblem) else np.asarray(problem.durations.min(axis=1))


def critical_path(problem: SchedulingProblem) -> float:
    """The longest chain, every task where it is fastest, nothing moved. O(tasks x processors + edges)."""
    longest = float(tails(problem, fastest(problem)).max())
    begin = 0.0 if isinstance(problem, ResourceProblem) or longest == 0 else float(problem.free_from.min())
    return begin + longest


def work(problem: GraphProblem) -> float:
    """All work spread evenly over all processors; on processors of different speeds, total work over total speed.

    For any weights y of the processors with sum 1, the sum of y x (makespan - available) over the processors in use is at
    least the sum over tasks of the minimum over processors of y x duration (the dual of the load's linear program);
    weights here are mean speeds. O(tasks x processors).
    """
    weights = _weights(problem)
    return float(_filled(_shares(problem, weights).sum(keepdims=True), problem.free_from, weights)[0])


def windows(problem: GraphProblem) -> float:
    """Work between an earliest start and a latest end, plus what must come before and after it.

    For tasks with at least h seconds before them and q behind: h + q + their work spread evenly over all processors
    (Fernandez & Bussell 1973, on chains). O(tasks x processors + instants^2
    + tasks log tasks), at most 96 instants at either side.
    """
    least = fastest(problem)
    before = heads(problem, least) + problem.free_from.min()
    behind = tails(problem, least) - least
    weights = _weights(problem)
    share = _shares(problem, weights)
    starts, ends = _instants(before), _instants(behind)
    # Work of all tasks with at least starts[i] before and ends[j] behind them: sums from the far corner.
    table = np.zeros((len(starts) + 1, len(ends) + 1))
    row, column = np.searchsorted(starts, before, "right") - 1, np.searchsorted(ends, behind, "right") - 1
    inside = (row >= 0) & (column >= 0)
    np.add.at(table, (row[inside], column[inside]), share[inside])
    table = table[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    bound = 0.0
    for work_behind, begin in zip(table, starts, strict=False):
        some = work_behind[:-1] > 0
        ended = _filled(work_behind[:-1][some], np.maximum(problem.free_from, begin), weights) + ends[some]
        bound = max(bound, float(ended.max(initial=0.0)))
    return bound


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
    most = max(16, min(2 * _INSTANTS, 20_000 // problem.tasks))
    first = _instants(np.concatenate((before, before + durations)), most)
    last = _instants(np.concatenate((tail, tail - durations)), most)
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


def _filled(shares: FloatArray, available: FloatArray, weights: FloatArray) -> FloatArray:
    """Per amount of weighted work, the first instant by which the processors, each from its own time on, have room for it."""
    order = np.argsort(available, kind="stable")
    times, total = available[order], np.cumsum(weights[order])
    # Room before each processor joins in; between two of these instants room grows by the weights so far.
    room = np.concatenate((np.zeros(1), np.cumsum(np.diff(times) * total[:-1])))
    at = np.searchsorted(room, shares, "left") - 1
    at = np.maximum(at, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        instants = times[at] + (shares - room[at]) / total[at]
    return np.asarray(np.where(shares > 0, instants, 0.0))


def _weights(problem: GraphProblem) -> FloatArray:
    """Per processor, its mean speed over the tasks, as a share of all; 0 where it runs nothing."""
    least = fastest(problem)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.where(problem.durations > 0, least / problem.durations, np.nan)
    counted = np.isfinite(speed)
    mean = np.where(counted, speed, 0.0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
    return np.asarray(mean / mean.sum()) if mean.sum() > 0 else np.full(problem.processors, 1 / problem.processors)


def _shares(problem: GraphProblem, weights: FloatArray) -> FloatArray:
    """Per task, the minimum over processors of weight x duration; shape (tasks,)."""
    with np.errstate(invalid="ignore"):
        costs = np.where(np.isinf(problem.durations), np.inf, problem.durations * weights)
    return np.asarray(costs.min(axis=1))


def _resource_work(problem: ResourceProblem, resource: int) -> float:
    """One resource's work between earliest starts and latest ends, as in `windows`. O(tasks^2)."""
    capacity = int(problem.capacities[resource])
    if capacity == 0:
        return 0.0
    users = problem.demands[:, resource] > 0
    before, behind = heads(problem, problem.durations), tails(problem, problem.durations) - problem.durations
    energy = problem.durations * problem.demands[:, resource]
    bound = 0.0
    for begin in _instants(before[users]) if users.any() else ():
        inside = users & (before >= begin)
        by_end = np.argsort(-behind[inside], kind="stable")
        total = np.cumsum(energy[inside][by_end])
        bound = max(bound, float((begin + behind[inside][by_end] + total / capacity).max()))
    return bound


def _instants(values: FloatArray, most: int = _INSTANTS) -> FloatArray:
    """The different values, ascending; at most so many, evenly picked, where there are more."""
    distinct = np.unique(values)
    if len(distinct) <= most:
        return distinct
    return np.asarray(distinct[np.linspace(0, len(distinct) - 1, most).round().astype(np.int64)])
