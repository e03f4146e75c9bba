"""A batch of requests as arrays."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import Request, RequestClass
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, Problem
from bayplan.strategy.assigning.candidates import candidates, refused_rows
from bayplan.strategy.assigning.one_by_one import in_order
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import Objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Those of some requests that have a node with room while no other request is placed; and those nodes."""

    requests: list[Request]
    """In the strategy's order."""
    numbers: list[int]
    """Per request of the batch, its place among all requests."""
    rows: IntArray
    """Shape (nodes,): rows of the cluster, sorted by name, so that the order in which nodes came does not matter."""
    allowed: BoolArray
    """Shape (requests, nodes): no filter turns it away, and there is room."""
    columns: IntArray
    """Shape (resources,): columns of the cluster, of what the requests ask for."""
    free: IntArray
    """Shape (nodes, resources)."""
    figures: FloatArray
    """Shape (requests, nodes): what each placement adds to the objective's sum."""
    problem: Problem | None
    """None if there are no requests."""


def batch(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context, objective: Objective) -> Batch:
    """Put it together. O(requests x nodes)."""
    open_rows = _open_rows(requests, cluster, strategy, context)
    hopeless = {cls for cls, rows in open_rows.items() if not rows.any()}
    lost = {_gang(each) for each in requests if each.request_class in hopeless} - {None}
    order = in_order(requests, cluster, strategy, context).tolist()
    numbers = [n for n in order if requests[n].request_class not in hopeless and _gang(requests[n]) not in lost]
    chosen = [requests[number] for number in numbers]
    table = np.array([open_rows[each.request_class] for each in chosen], bool).reshape(len(chosen), cluster.rows)
    rows = np.flatnonzero(table.any(axis=0))
    rows = rows[np.argsort(cluster.name_rank[rows])]
    allowed = table[:, rows]
    asked = {column for each in chosen for column in cluster.demand(each.request_class).columns.tolist()}
    columns = np.array(sorted(asked), np.int64)
    free = np.maximum(cluster.allocatable[rows] - cluster.used[rows], 0)[:, columns]
    figures = objective.figures(chosen, cluster, rows, context)
    problem = None
    if chosen:
        values = objective.values(chosen, cluster, rows, context, allowed)
        problem = _problem(chosen, cluster, rows, np.where(allowed, values, FORBIDDEN), columns, free)
    return Batch(chosen, numbers, rows, allowed, columns, free, figures, problem)


def _open_rows(
    requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context
) -> dict[RequestClass, BoolArray]:
    """Per class, shape (rows,): nothing keeps it away, and there is room."""
    open_rows: dict[RequestClass, BoolArray] = {}
    for each in requests:
        if each.request_class not in open_rows:
            fitting = candidates(each, cluster, strategy, strategy.scoring)
            fitting.refresh(each, cluster, context)
            open_rows[each.request_class] = fitting.open(refused_rows(cluster, each.request_class, context))
    return open_rows


def _gang(request: Request) -> Hashable | None:
    return None if request.gang is None else request.gang.id


def _problem(
    chosen: list[Request], cluster: Cluster, rows: IntArray, value: FloatArray, columns: IntArray, free: IntArray
) -> Problem:
    demand = np.zeros((len(chosen), len(cluster.resources)), np.int64)
    for number, each in enumerate(chosen):
        asked = cluster.demand(each.request_class)
        demand[number, asked.columns] = asked.amounts
    gangs: dict[Hashable, int] = {}
    asks = [each.request_class.gpus for each in chosen]
    slots = cluster.gpu_free.shape[1] if any(asks) else 0
    return Problem(
        value=value,
        demand=demand[:, columns],
        free=free,
        gpu_count=np.array([0 if ask is None else ask.count for ask in asks], np.int64),
        gpu_thousandths=np.array([WHOLE if ask is None else ask.thousandths for ask in asks], np.int64),
        gpu_free=np.clip(cluster.gpu_free[rows, :slots], 0, WHOLE),
        gang=np.array([_number(_gang(each), gangs) for each in chosen], np.int64),
    )


def _number(gang: Hashable | None, gangs: dict[Hashable, int]) -> int:
    return NONE if gang is None else gangs.setdefault(gang, len(gangs))
