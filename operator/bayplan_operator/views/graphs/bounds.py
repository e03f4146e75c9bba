"""The makespan's lower bound: as the operator says it while a graph runs, else from what was measured."""

from collections.abc import Sequence

import numpy as np

from bayplan.lifecycle import Flow, Gate, Run, UnitState
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph
from bayplan_operator.views.model.graph import Bound


def is_one(flow: Flow | None) -> bool:
    """The longest chain is a bound: no task repeats, and each waits for all tasks before it."""
    return flow is None or (flow.repeated is None and not (flow.gate == Gate.ANY).any())


def bound(
    graph: Graph, run: Run, now: float, accepted: float, earliest: float | None = None, flow: Flow | None = None
) -> Bound:
    """The longest chain, with each task's longest shard; where nothing was measured yet, with the hints.

    `accepted`, `earliest`: instants in seconds since the epoch; the latter is the status's `earliestCompletion` of a graph that
    is not over. The operator knows what was learned and which nodes there are, and its expected end goes by the same. So its
    bound takes the place of the chain's, or the two could contradict each other. None: it has said nothing.
    `flow`: a task that was skipped takes no time. Where the chain is no bound at all, `is_one` says so.
    """
    durations, remaining, measured = _durations(graph, run, now, over=_OVER if flow is not None else _OVER[:1])
    path = graph.critical_path(durations)
    chain, left = graph.lower_bound(durations=durations), graph.lower_bound(durations=remaining)
    if earliest is not None:
        chain, left = max(earliest - accepted, 0.0), max(earliest - now, 0.0)
    return Bound(
        seconds=round(chain, 3),
        critical_path=tuple(graph.tasks[task].name for task in path),
        measured=measured,
        remaining=round(left, 3),
        on_these_nodes=earliest is not None,
    )


_OVER = (UnitState.SUCCEEDED, UnitState.FAILED, UnitState.SKIPPED)


def _durations(graph: Graph, run: Run, now: float, over: Sequence[UnitState]) -> tuple[FloatArray, FloatArray, bool]:
    """Per task: seconds of its longest shard, seconds that are left of it, and whether all were measured.

    ``over``: the states in which nothing is to come; in the last of them, a shard may never have run.
    """
    hints = np.array([task.duration for task in graph.tasks])[graph.unit_task]
    done, running = np.isin(run.state, over), run.state == UnitState.RUNNING
    elapsed = np.where(running, np.maximum(np.nan_to_num(now - run.started), 0.0), 0.0)
    expected = np.maximum(hints, elapsed)
    took = np.where(done, np.nan_to_num(run.finished - run.started), expected)
    left = np.where(done, 0.0, expected - elapsed)
    starts = graph.unit_start[:-1]
    return np.maximum.reduceat(took, starts), np.maximum.reduceat(left, starts), bool(done.all())
