"""Which attempts of a graph have ended, and how."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayplan.lifecycle import Flow, Run, UnitState, failed_for_good, winners
from bayplan.model.graph import Graph
from bayplan_operator import names

UNCOUNTED = 3600.0
"""Seconds before the last run that was counted, or before the operator's start where none was: what ended earlier, and is in no
profile, is not counted any more."""
_SHORTEST = 0.01
"""Seconds: the record of a run has no more digits."""


@dataclass(frozen=True, slots=True)
class Span:
    """When an attempt was asked for, started and ended, in seconds since the epoch."""

    asked: float
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ran and ended."""

    id: str
    """No other attempt of any graph has the same."""
    task: int
    shard: int
    incarnation: int
    node: str
    span: Span
    succeeded: bool


def since(graph_uid: str, graph: Graph, before: Run, after: Run, flow: Flow | None = None) -> Iterator[Ended]:
    """The attempts that ended between two states of one run. Those that were lost, or never ran anywhere, are left out."""
    if np.array_equal(before.settled, after.settled):
        return
    backed_up = {} if flow is None else winners(graph, flow, after)
    for unit in np.flatnonzero(after.settled > before.settled).tolist():
        if unit in backed_up:
            continue  # its backup has done it, and is told of by itself
        if after.state[unit] == UnitState.SUCCEEDED:
            yield _ended(graph_uid, graph, after, unit, float(after.started[unit]), float(after.ready_at[unit]))
        elif _failed(before, after, unit) and after.node[unit] and _ended_now(before, after, unit):
            yield _ended(graph_uid, graph, after, unit, float(before.started[unit]), float(before.ready_at[unit]))


def recorded(graph_uid: str, graph: Graph, run: Run) -> Iterator[Ended]:
    """The attempts of which a record says that they succeeded."""
    for unit in np.flatnonzero(run.state == UnitState.SUCCEEDED).tolist():
        if not math.isnan(run.finished[unit]):
            yield _ended(graph_uid, graph, run, unit, float(run.started[unit]), math.nan)


def _failed(before: Run, after: Run, unit: int) -> bool:
    return bool(after.failures[unit] > before.failures[unit]) or failed_for_good(after, unit)


def _ended_now(before: Run, after: Run, unit: int) -> bool:
    """An attempt of it has ended, and not only one of its gang."""
    return not math.isnan(after.finished[unit]) and after.finished[unit] != before.finished[unit]


def _ended(graph_uid: str, graph: Graph, run: Run, unit: int, started: float, asked: float) -> Ended:
    task = int(graph.unit_task[unit])
    incarnation = int(run.settled[unit])
    end = float(run.finished[unit])
    began = end if math.isnan(started) else min(started, end)
    # To the digits of the record, so that what is read from there after a crash is the same run.
    took = max(_SHORTEST, round(end - began, 2))
    return Ended(
        id=names.short_hash(graph_uid, unit, incarnation),
        task=task,
        shard=unit - int(graph.unit_start[task]),
        incarnation=incarnation,
        node=run.node[unit],
        span=Span(end - took if math.isnan(asked) else min(asked, end - took), end - took, end),
        succeeded=bool(run.state[unit] == UnitState.SUCCEEDED),
    )
