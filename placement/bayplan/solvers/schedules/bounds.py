"""Lower bounds on the makespan: seconds that no schedule can beat."""

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.ranks import heads, tails

MOST_INSTANTS = 96


def fastest(problem: GraphProblem) -> FloatArray:
    """Per task, the seconds that it takes at least; shape (tasks,)."""
    return np.asarray(problem.durations.min(axis=1))


def lower_bound(problem: GraphProblem) -> float:
    """The best of the bounds here. O(tasks x processors + edges + instants^2)."""
    return max(critical_path(problem), work(problem), windows(problem))


def critical_path(problem: GraphProblem) -> float:
    """The longest chain, every task where it is fastest, nothing moved. O(tasks x processors + edges)."""
    longest = float(tails(problem, fastest(problem)).max())
    return longest + float(problem.free_from.min()) if longest > 0 else 0.0


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
    starts, ends = instants(before), instants(behind)
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


def instants(values: FloatArray, most: int = MOST_INSTANTS) -> FloatArray:
    """The different values, ascending; at most so many, evenly picked, where there are more."""
    distinct = np.unique(values)
    if len(distinct) <= most:
        return distinct
    return np.asarray(distinct[np.linspace(0, len(distinct) - 1, most).round().astype(np.int64)])
