"""Figures of queues: how long their jobs wait, how much they hold, which kept others waiting, and which evicted whom.

A job is a graph. It is counted in the queue that its file says, whether or not there is such a queue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.queue import Queue
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.simulation import figures
from bayplan.simulation.queue_course import QueueCourse
from bayplan.simulation.trace import AttemptOutcome, Trace

SHORT = 10.0
"""Seconds that a job counts as having run at least, in its slowdown."""


@dataclass(frozen=True, slots=True, eq=False)
class QueueFigures:
    """Columns of shape (queues,), by name."""

    names: tuple[str, ...]
    jobs: IntArray
    waits: Sequence[FloatArray]
    """Per queue and job: seconds from its submission until its first pod starts; until the end, where none has."""
    slowdowns: Sequence[FloatArray]
    """Per queue and job that has ended: max(1, (wait + run) / max(run, 10 s)), the bounded slowdown of Feitelson et al.,
    "Theory and practice in parallel job scheduling" (JSSPP 1997)."""
    shares: FloatArray
    """Of the nodes, on average until the last attempt has ended: at each instant, of the resource of which it holds most."""
    weights: FloatArray
    delays: FloatArray
    """Shape (queues, queues): seconds that jobs of the first waited, while it held no more than its due and the second more."""
    evictions: IntArray
    """Shape (queues, queues): attempts of the first that were evicted for jobs of the second, which may be the same."""
    work_lost: FloatArray
    """Seconds that its evicted attempts had run, all together, but for what their checkpoints had saved."""

    @property
    def jain(self) -> float:
        """Jain's index of the shares over the weights: 1, all have equal parts; 1 / queues, one has all."""
        return jain(self.shares / self.weights)


def jain(parts: FloatArray) -> float:
    """(sum of x)² / (n · sum of x²), of Jain, Chiu & Hawe, "A quantitative measure of fairness and discrimination" (DEC-TR-301,
    1984). 1 where nothing is held."""
    squares = float((parts**2).sum())
    return 1.0 if squares == 0 else float(parts.sum()) ** 2 / (len(parts) * squares)


def queue_figures(trace: Trace, queues: Mapping[str, Queue], nameless: str) -> QueueFigures:
    """Of all queues that have had a job. `nameless`: what the queue of jobs is called that are in none.

    What is due to a queue: `nominal` of its own quotas; of a resource without one, its part by weight of what all nodes have.
    O(attempts log attempts + queues x times at which one comes to hold more than its due, or no more).
    """
    said = [each.counted_in or each.queue or nameless for each in trace.submissions]
    names = tuple(sorted(set(said)))
    numbers = {name: number for number, name in enumerate(names)}
    of_graph = np.array([numbers[name] for name in said], np.int64)
    weights = np.array([queues[name].weight if name in queues else 1.0 for name in names])
    graphs = trace.graphs
    started = np.where(np.isnan(graphs.started_at), trace.ended_at, graphs.started_at)
    waits = np.maximum(started - graphs.submitted_at, 0.0)
    run = graphs.ended_at - graphs.started_at
    slowdowns = np.maximum(1.0, (graphs.ended_at - graphs.submitted_at) / np.maximum(run, SHORT))
    ran = ~np.isnan(run)
    course = _course(trace, of_graph, _due(trace, names, queues, weights))
    return QueueFigures(
        names=names,
        jobs=np.bincount(of_graph, minlength=len(names)),
        waits=_by_queue(waits, of_graph, len(names)),
        slowdowns=_by_queue(slowdowns[ran], of_graph[ran], len(names)),
        shares=course.share_seconds / (figures.makespan(trace) or 1.0),
        weights=weights,
        delays=course.delays,
        evictions=_evictions(trace, of_graph, len(names)),
        work_lost=_sums(figures.work_lost_each(trace), of_graph[trace.attempts.graph], len(names)),
    )


def _sums(values: FloatArray, queue: IntArray, count: int) -> FloatArray:
    return np.asarray(np.bincount(queue, values, minlength=count), np.float64)


def _evictions(trace: Trace, of_graph: IntArray, count: int) -> IntArray:
    attempts = trace.attempts
    gone = (attempts.outcome == AttemptOutcome.PREEMPTED) & (attempts.evicted_for >= 0)
    pairs = of_graph[attempts.graph[gone]] * count + of_graph[attempts.evicted_for[gone]]
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def _by_queue(values: FloatArray, queue: IntArray, count: int) -> list[FloatArray]:
    order = np.argsort(queue, kind="stable")
    return np.split(values[order], np.searchsorted(queue[order], np.arange(1, count)))


def _due(trace: Trace, names: Sequence[str], queues: Mapping[str, Queue], weights: FloatArray) -> FloatArray:
    """Shape (queues, resources), in units of the resource."""
    resources = figures.resources(trace)
    due = (weights / weights.sum())[:, None] * _capacity(trace, resources)[None, :]
    for number, name in enumerate(names):
        for column, resource in enumerate(resources):
            rows = [row for row in queues[name].quotas if resource in row.key.names] if name in queues else []
            if rows:
                due[number, column] = sum(row.nominal / dict(row.key.counts).get(resource, 1) for row in rows)
    return np.asarray(due)


def _capacity(trace: Trace, resources: Sequence[str]) -> FloatArray:
    return np.array([sum(node.allocatable.get(name, 0) for node in trace.nodes) for name in resources], np.float64)


def _course(trace: Trace, of_graph: IntArray, due: FloatArray) -> QueueCourse:
    attempts, resources = trace.attempts, figures.resources(trace)
    placed = attempts.outcome != AttemptOutcome.WAITING
    amounts = np.stack([figures.amounts(trace, name)[placed] for name in resources] or [np.zeros(placed.sum())], axis=1)
    ends = np.where(np.isnan(attempts.ended_at), trace.ended_at, attempts.ended_at)[placed]
    graphs, queue = trace.graphs, of_graph[attempts.graph[placed]]
    started = np.where(np.isnan(graphs.started_at), trace.ended_at, graphs.started_at)
    capacity = _capacity(trace, resources) if resources else np.ones(1)
    course = QueueCourse(due if resources else np.ones((len(due), 1)), capacity)
    none = np.zeros((len(of_graph), amounts.shape[1]))
    times = np.concatenate((attempts.placed_at[placed], ends, graphs.submitted_at, started))
    course.run(
        times,
        np.concatenate((queue, queue, of_graph, of_graph)),
        np.concatenate((amounts, -amounts, none, none)),
        np.concatenate((np.zeros(2 * len(ends)), np.ones(len(of_graph)), -np.ones(len(of_graph)))),
    )
    return course
