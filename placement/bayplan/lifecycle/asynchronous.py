"""Asynchronous rounds: a round goes on with those that are ready, and the others go on with their work.

What they have done counts in the round in which it is done. It is older then than the others': a fusion weighs it by its age.
"""

from collections.abc import Mapping

import numpy as np

from bayplan.lifecycle.flow import Flow
from bayplan.lifecycle.run import Run
from bayplan.lifecycle.state import UnitState
from bayplan.model.arrays import IntArray
from bayplan.model.graph import Graph


def take(graph: Graph, flow: Flow, run: Run, by: int) -> None:
    """The task ``by`` starts: of the tasks before it that are asynchronous, what is done now is what this round goes by."""
    loose = _loose(flow)
    if loose is None:
        return
    for parent in graph.parents.of(by).tolist():
        units = range(int(graph.unit_start[parent]), int(graph.unit_start[parent + 1]))
        if parent in loose and not any(unit in run.taken for unit in units):
            run.taken = run.taken | {unit for unit in units if run.state[unit] == UnitState.SUCCEEDED}


def going_on(graph: Graph, flow: Flow, run: Run) -> IntArray:
    """Units that a new round leaves alone: they work still, or are done and no round has gone by them. O(units)."""
    loose = _loose(flow)
    if loose is None or not run.round:
        return np.zeros(0, np.int64)
    kept = np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING, UnitState.SUCCEEDED))
    kept &= np.isin(graph.unit_task, sorted(loose))
    kept[sorted(run.taken)] = False
    return np.flatnonzero(kept)


def ages(graph: Graph, run: Run, task: int) -> Mapping[int, int]:
    """Per unit of the task that the round goes by, how many rounds ago its work began."""
    units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
    return {unit: run.round - run.began_in.get(unit, run.round) for unit in units if unit in run.taken}


def unfinished(graph: Graph, flow: Flow, run: Run) -> list[int]:
    """After the last round: units that work at something that no round will go by."""
    loose = _loose(flow)
    if loose is None or not run.rounds_over:
        return []
    return [
        unit for unit, task in enumerate(graph.unit_task.tolist()) if task in loose and run.state[unit] < UnitState.SUCCEEDED
    ]


def _loose(flow: Flow) -> frozenset[int] | None:
    return None if flow.repeated is None or not flow.repeated.asynchronous else flow.repeated.asynchronous
