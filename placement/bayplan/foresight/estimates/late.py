"""What a round goes on without: shards beyond the minimum that have not ended when its time-out is over.

A task of a round is over at min(end of its last shard, max(end of the minimum-th, first start + time-out)), as in the
lifecycle.
"""

from collections.abc import Mapping

import numpy as np

from bayplan.lifecycle import Flow
from bayplan.model.arrays import BoolArray, FloatArray
from bayplan.model.graph import Graph
from bayplan.solvers.kernels.scheduling.lateness import Lateness


def lateness(graph: Graph, flow: Flow, time_outs: Mapping[int, float], succeeded: BoolArray, elapsed: FloatArray) -> Lateness:
    """Of a graph as it stands. O(units).

    `time_outs`: task to seconds from its first start. `succeeded`: shape (units,); `elapsed`: shape (units,), seconds since the
    start of each that has started, NaN for the others.
    """
    starts = graph.unit_start[:-1]
    done = np.add.reduceat(succeeded.astype(np.int64), starts)
    began = np.minimum.reduceat(np.where(np.isnan(elapsed), np.inf, -elapsed), starts)
    seconds = np.full(len(graph.tasks), np.inf)
    for task in () if flow.repeated is None else flow.repeated.asynchronous:
        seconds[task] = 0.0  # those that go on with their work are not waited for
    for task, limit in time_outs.items():
        seconds[task] = limit
    return Lateness(flow.minimum - done, seconds, began)


def begun_again(late: Lateness, flow: Flow) -> Lateness:
    """Of a round that begins now."""
    return Lateness(flow.minimum.astype(np.int64), late.time_out, np.full(len(late.time_out), np.inf))


def with_one_more(late: Lateness) -> Lateness:
    """With one task more, of one unit."""
    return Lateness(np.append(late.needed, 1), np.append(late.time_out, np.inf), np.append(late.began, np.inf))


def with_start_ups(late: Lateness, starting: FloatArray | None) -> Lateness:
    """Where a unit takes some seconds from its place to its start, from which time-outs count.

    `starting`: as in `Durations`.
    """
    if starting is None:
        return late
    more = np.where(np.isinf(late.began), starting.min(axis=1, initial=np.inf), 0.0)
    return late._replace(time_out=late.time_out + np.where(np.isfinite(more), more, 0.0))


def least_work(graph: Graph, late: Lateness, seconds: FloatArray) -> FloatArray:
    """The same seconds, shape (units, samples), where of a task that may go on without some only the shortest count."""
    found = seconds
    for task in np.flatnonzero(np.isfinite(late.time_out)).tolist():
        units = slice(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
        rank = np.argsort(np.argsort(seconds[units], axis=0), axis=0)
        found = found.copy() if found is seconds else found
        found[units] = np.where(rank < late.needed[task], seconds[units], 0.0)
    return found
