"""How long a candidate would wait for a node."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector, admission, room
from bayplan.lifecycle import UnitState
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running

UNKNOWN = 60.0
"""Seconds that a run is taken to last of which nothing is known."""


def waits(cluster: Cluster, asked: RequestClass, selector: Selector, graphs: Iterable[GraphRun], now: float) -> float:
    """Seconds until a node can have one pod of a class: 0 where one has room now; infinite where none could ever hold it.

    Else until the first of our pods is expected to end on a node that could hold it. ``selector``: the policy's. O(nodes) where
    there is room, else O(units of ``graphs`` too).
    """
    fit = admission(cluster, asked, selector)
    rows = np.flatnonzero(fit.rows)
    if len(rows) and room(cluster, fit.demand, rows).any():
        return 0.0
    able = {cluster.names[row] for row in np.flatnonzero(fit.some_day).tolist()}
    if not able:
        return math.inf
    return min((left for graph in graphs for left in _left(graph.running, able, now)), default=UNKNOWN)


def _left(running: Running | None, nodes: set[str], now: float) -> Iterator[float]:
    """Seconds that each of a graph's pods on these nodes has still to run."""
    if running is None:
        return
    run, foreseen = running.run, running.foreseen.seconds
    for unit in np.flatnonzero((run.state == UnitState.RUNNING) | (run.state == UnitState.BINDING)).tolist():
        if run.node[unit] not in nodes:
            continue
        task = int(running.prepared.graph.unit_task[unit])
        learned = math.nan if foreseen is None else float(foreseen[task])
        seconds = learned if math.isfinite(learned) else running.prepared.spec.tasks[task].expected_duration or UNKNOWN
        started = float(run.started[unit])
        yield max(0.0, seconds - (0.0 if math.isnan(started) else now - started))
