"""The lower bound of a graph on the nodes that there are: cheap enough for the moment in which a graph is taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit, Selector
from bayplan.foresight.estimates.bound import Bound, lower_bound
from bayplan.foresight.estimates.course import LeastCourse
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.graph import Graph
from bayplan.model.workload import RequestClass

_MOST_CLASSES = 64
"""Kinds of requests that are told apart; further ones count as if they fitted anywhere, which leaves the bound a bound."""


@dataclass(frozen=True, slots=True)
class Earliest:
    """What no schedule of what is left of a graph can beat."""

    bound: Bound
    nowhere: tuple[str, ...]
    """Tasks that are not over and that no node could hold, now or later."""


def earliest(
    cluster: Cluster,
    graph: Graph,
    classes: Sequence[RequestClass],
    selector: Selector,
    least: FloatArray,
    left: FloatArray,
    given: LeastCourse | None = None,
) -> Earliest:
    """The bound on all nodes that could hold one of the tasks, free or not, and what no node could hold.

    `classes`: per task, what a unit asks; `selector`: nodes that the policy leaves; `least`, `left` and `given` as for
    `lower_bound`. O(kinds of requests * changed nodes + tasks * resources + units + edges).
    """
    fits = _fits(cluster, classes, selector)
    open_tasks = np.add.reduceat((left != 0).astype(np.int64), graph.unit_start[:-1]) > 0
    unfit = {asked for asked, rows in fits.items() if not rows.any()}
    stuck = np.array([asked in unfit for asked in classes], bool)
    able = np.zeros(cluster.rows, bool)
    for asked in set(classes):
        able |= fits.get(asked, cluster.present)
    capacity = cluster.allocatable[able].sum(axis=0).astype(np.float64)
    bound = lower_bound(graph, least, left, _amounts(cluster, classes), capacity, given)
    return Earliest(bound, tuple(graph.tasks[task].name for task in np.flatnonzero(open_tasks & stuck).tolist()))


def could_hold(cluster: Cluster, asked: RequestClass, selector: Selector) -> BoolArray:
    """Per row: the node could hold a request of the class, now or later. O(changed nodes)."""
    fit = cluster.memo(("some day", asked, selector), partial(Fit, asked, selector))
    fit.refresh(cluster)
    return fit.some_day


def _fits(cluster: Cluster, classes: Sequence[RequestClass], selector: Selector) -> dict[RequestClass, BoolArray]:
    found: dict[RequestClass, BoolArray] = {}
    for asked in classes:
        if asked not in found and len(found) < _MOST_CLASSES:
            found[asked] = could_hold(cluster, asked, selector)
    return found


def _amounts(cluster: Cluster, classes: Sequence[RequestClass]) -> FloatArray:
    """Shape (tasks, resources)."""
    number = {asked: each for each, asked in enumerate(dict.fromkeys(classes))}
    table = np.zeros((len(number), len(cluster.resources)))
    for asked, row in number.items():
        demand = cluster.demand(asked)
        table[row, demand.columns] = demand.amounts
    return table[[number[asked] for asked in classes]]
