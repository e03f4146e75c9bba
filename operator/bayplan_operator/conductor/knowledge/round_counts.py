"""The rounds of a graph that are over: what is learned of how many there were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayplan.collaboration.rounds import RoundEnd
from bayplan.knowledge.round_counts import RoundCount
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Run, UnitState
from bayplan_operator import names
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate import round_record
from bayplan_operator.translate.rounds_task import rounds_task
from bayplan_operator.translate.task_graph import Prepared


@dataclass(frozen=True, slots=True)
class RoundsTaken:
    """By one graph."""

    id: str
    """The rounds of no other graph, and no attempt, have the same."""
    task: TaskRun
    """With what this is learned."""
    count: RoundCount
    at: float
    """When the last one ended, in seconds since the epoch."""


def seen(graph: GraphRun) -> RoundsTaken | None:
    """Of a graph that runs; ``None``: its rounds go on, or teach nothing. O(units)."""
    running = graph.running
    if running is None or running.rounds is None or not running.run.rounds_over:
        return None
    return _taken(graph.ref.uid, running.prepared, running.run, running.rounds.end, running.run.round)


def recorded(graph: GraphRun, prepared: Prepared, run: Run) -> RoundsTaken | None:
    """Of a graph that is over, by its status; ``None``: they teach nothing. ``run``: as it is recorded. O(units)."""
    status: Mapping[str, Any] = graph.written.status
    end = round_record.read_end(status)
    return _taken(graph.ref.uid, prepared, run, end, round_record.read_number(status))


def _taken(uid: str, prepared: Prepared, run: Run, end: RoundEnd | None, number: int) -> RoundsTaken | None:
    task, flow = rounds_task(prepared), prepared.relations.flow
    if end is None or task is None or number < 1 or flow is None or flow.repeated is None:
        return None
    # What is left behind may end later, and what has succeeded has ended: so any operator finds the same instant.
    ended = run.finished[flow.repeated.units & (run.state == UnitState.SUCCEEDED)]
    ended = ended[~np.isnan(ended)]
    if not ended.size:
        return None
    count = RoundCount(number, censored=end is RoundEnd.MAXIMUM)
    return RoundsTaken(names.short_hash(uid, "rounds"), task, count, float(ended.max()))
