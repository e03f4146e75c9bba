"""The lower bound of a graph on the nodes that there are: cheap enough for the tick that takes the graph in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from bayplan.arrays import BoolArray, FloatArray
from bayplan.cluster import Cluster
from bayplan.estimates import Bound, lower_bound
from bayplan.filters import Fit, Selector
from bayplan.lifecycle import Run, UnitState
from bayplan.workload import RequestClass
from bayplan_operator.translate.task_graph import Prepared

_MOST_CLASSES = 64
"""Kinds of requests that are told apart; further ones count as if they fitted anywhere, which leaves the bound a bound."""


@dataclass(frozen=True, slots=True)
class Earliest:
    """What no schedule of what is left of a graph can beat."""

    bound: Bound
    nowhere: tuple[str, ...]
    """Tasks that are not over and fit no node, now or later."""


def earliest(cluster: Cluster, prepared: Prepared, run: Run, selector: Selector, least: FloatArray, now: float) -> Earliest:
    """By these run times: shape (tasks,), seconds of a unit where it is fastest, 0 where nothing is known.

    O(kinds of requests * changed nodes + tasks + units + edges).
    """
    graph = prepared.graph
    fits = _fits(cluster, prepared, selector)
    everywhere = np.array(cluster.present)
    open_tasks = np.add.reduceat((run.state != UnitState.SUCCEEDED).astype(np.int64), graph.unit_start[:-1]) > 0
    nowhere, able = [], np.zeros(cluster.rows, bool)
    for task, template in enumerate(prepared.templates):
        rows = fits.get(template.request_class)
        if open_tasks[task] and rows is not None and not rows.any():
            nowhere.append(graph.tasks[task].name)
    for request_class in {template.request_class for template in prepared.templates}:
        able |= fits.get(request_class, everywhere)
    elapsed = np.where(run.state == UnitState.RUNNING, np.nan_to_num(now - run.started), 0.0)
    left = np.where(run.state == UnitState.RUNNING, np.maximum(least[graph.unit_task] - elapsed, 0.0), np.nan)
    left[run.state == UnitState.SUCCEEDED] = 0.0
    capacity = cluster.allocatable[able].sum(axis=0).astype(np.float64)
    return Earliest(lower_bound(graph, least, left, _amounts(cluster, prepared), capacity), tuple(nowhere))


def hinted(prepared: Prepared) -> FloatArray:
    """Per task, the seconds that its author expects; 0: nothing was said."""
    return np.array([task.expected_duration or 0.0 for task in prepared.spec.tasks])


def _fits(cluster: Cluster, prepared: Prepared, selector: Selector) -> dict[RequestClass, BoolArray]:
    found: dict[RequestClass, BoolArray] = {}
    for template in prepared.templates:
        asked = template.request_class
        if asked not in found and len(found) < _MOST_CLASSES:
            fit = cluster.memo(("some day", asked, selector), partial(Fit, asked, selector))
            fit.refresh(cluster)
            found[asked] = fit.some_day
    return found


def _amounts(cluster: Cluster, prepared: Prepared) -> FloatArray:
    """Shape (tasks, resources)."""
    columns: dict[RequestClass, FloatArray] = {}
    amounts = np.zeros((len(prepared.templates), len(cluster.resources)))
    for task, template in enumerate(prepared.templates):
        asked = template.request_class
        if asked not in columns:
            demand = cluster.demand(asked)
            columns[asked] = np.zeros(len(cluster.resources))
            columns[asked][demand.columns] = demand.amounts
        amounts[task] = columns[asked]
    return amounts


def names(prepared: Prepared, path: Sequence[int]) -> tuple[str, ...]:
    """Of the tasks with these numbers."""
    return tuple(prepared.graph.tasks[task].name for task in path)
