"""What a batch is to be placed for, as data: one table for all solvers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.spelling import unknown
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import NOTHING, Need

ObjectiveTerms = Callable[[Sequence[Request], Cluster, IntArray, Context], FloatArray]
_HOUR = 3600.0
_NEXT_TO_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Objective:
    """A sum over what is placed."""

    formula: str
    minimise: bool
    figures: ObjectiveTerms
    """Shape (requests, nodes): what a request on a node adds to the sum, in the objective's own unit."""
    saved: ObjectiveTerms | None = None
    """Of one that is minimised, what placing saves of what waiting would cost, shape as above; none: waiting costs nothing."""
    needs: frozenset[Need] = NOTHING
    """What the figures go by."""

    def values(
        self, requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context, allowed: BoolArray
    ) -> FloatArray:
        """What each placement is worth, to be maximised: 0 or above, so that placing beats waiting.

        `allowed`: shape (requests, nodes); elsewhere values have no meaning. Maximised: the figures themselves, where 0
        counts as a millionth of the largest. Minimised: R - figure + saved, where R is what all requests together could
        lose at most, and a little more; so as many as possible are placed, and of such answers the best is chosen.
        """
        worth = self.figures(requests, cluster, rows, context)
        if not self.minimise:
            largest = float(np.where(allowed, worth, 0.0).max(initial=0.0)) or 1.0
            return np.maximum(worth, _NEXT_TO_NOTHING * largest)
        if self.saved is not None:
            worth = worth - self.saved(requests, cluster, rows, context)
        most = np.where(allowed, np.abs(worth), 0.0).max(axis=1, initial=0.0)
        reward = float(most.sum() + most.max(initial=0.0)) or 1.0
        return reward - worth


def objective(name: str) -> Objective:
    """The objective of that name. Raises `ValueError` with the nearest right one."""
    if name not in OBJECTIVES:
        raise ValueError(unknown("objective", name, OBJECTIVES))
    return OBJECTIVES[name]


def _cost(requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """Hours (1 if unknown) x the node's price x the largest share of its resources that is asked for."""
    hours = np.array([each.duration / _HOUR if each.duration > 0 else 1.0 for each in requests])
    shares = np.empty((len(requests), len(rows)))
    known: dict[object, FloatArray] = {}
    for number, each in enumerate(requests):
        share = known.get(each.request_class)
        if share is None:
            demand = cluster.demand(each.request_class)
            there = np.maximum(cluster.allocatable[rows[:, None], demand.columns], 1)
            share = known[each.request_class] = np.minimum(demand.amounts / there, 1.0).max(axis=1, initial=0.0)
        shares[number] = share
    return np.asarray(hours[:, None] * cluster.cost[rows] * shares)


def _priority(requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """The priority; if the lowest of the batch is 0 or below, all are raised alike until it is 1."""
    priorities = np.array([each.priority for each in requests], np.float64)
    lowest = float(priorities.min(initial=1.0))
    if lowest <= 0:
        priorities += 1.0 - lowest
    return np.repeat(priorities[:, None], len(rows), axis=1)


def _tardiness(requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """Seconds by which the request's graph ends too late if it starts now; 0 without a deadline."""
    return np.repeat(_late(requests, context.now)[:, None], len(rows), axis=1)


def _tardiness_saved(requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """Seconds by which it would end too late if it waited for the longest of the batch (an hour if none is known)."""
    longest = max((each.duration for each in requests), default=0.0) or _HOUR
    return np.repeat(_late(requests, context.now + longest)[:, None], len(rows), axis=1)


def _late(requests: Sequence[Request], start: float) -> FloatArray:
    ends = [start + max(each.critical_path, each.duration) for each in requests]
    late = [0.0 if each.deadline is None else end - each.deadline for each, end in zip(requests, ends, strict=True)]
    return np.maximum(np.array(late, np.float64), 0.0)


def _efficiency(requests: Sequence[Request], cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """f(task, node class) / e(node class); half of the largest known where it is not known."""
    table = context.efficiency
    known: dict[str, list[float | None]] = {}
    for each in requests:
        if each.task not in known:
            known[each.task] = [None if table is None else table.of(each.task, one) for one in cluster.node_classes]
    best = max((figure for of_task in known.values() for figure in of_task if figure is not None), default=0.0) or 1.0
    by_task = {
        task: np.array([best / 2 if figure is None else figure for figure in of_task]) for task, of_task in known.items()
    }
    classes = cluster.node_class[rows]
    return np.array([by_task[each.task][classes] for each in requests]).reshape(len(requests), len(rows))


OBJECTIVES: Mapping[str, Objective] = {
    "Cost": Objective("minimise sum c_i x_i", True, _cost),
    "Priority": Objective("maximise sum p_i x_ij", False, _priority),
    "Tardiness": Objective("minimise sum max(T_i - r_i, 0)", True, _tardiness, _tardiness_saved),
    "Efficiency": Objective("maximise sum f(i, j) / e(j)", False, _efficiency, needs=frozenset({Need.EFFICIENCY})),
}
