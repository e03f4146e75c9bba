"""How long our pods still run on nodes for which a candidate would wait."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from bayplan.collaboration.choosing import left_to_run
from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running


def left(graphs: Iterable[GraphRun], nodes: frozenset[str], now: float) -> Iterator[float]:
    """Seconds that each pod of the graphs on these nodes has still to run. O(units of the graphs)."""
    for graph in graphs:
        if graph.running is not None:
            yield from _of(graph.running, nodes, now)


def _of(running: Running, nodes: frozenset[str], now: float) -> Iterator[float]:
    run, foreseen = running.run, running.foreseen.seconds
    for unit in np.flatnonzero((run.state == UnitState.RUNNING) | (run.state == UnitState.BINDING)).tolist():
        if run.node[unit] not in nodes:
            continue
        task = int(running.prepared.graph.unit_task[unit])
        learned = math.nan if foreseen is None else float(foreseen[task])
        seconds = learned if math.isfinite(learned) else running.prepared.spec.tasks[task].expected_duration
        yield left_to_run(seconds, float(run.started[unit]), now)
