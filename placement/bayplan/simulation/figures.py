"""Figures of a trace."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.reasons import Reason
from bayplan.model.resources import PODS
from bayplan.model.workload import RequestClass
from bayplan.simulation.submission import Submission
from bayplan.simulation.trace import AttemptOutcome, Trace

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """A step function: from `times[i]` on, `used[i]` is taken of `capacity`."""

    times: FloatArray
    used: FloatArray
    capacity: float


def completion(trace: Trace) -> float:
    """Mean seconds from a graph's submission to its end, of those that have succeeded; NaN where none has."""
    graphs = trace.graphs
    done = graphs.succeeded
    return float((graphs.ended_at - graphs.submitted_at)[done].mean()) if done.any() else float("nan")


def waits(trace: Trace) -> FloatArray:
    """Per attempt, the seconds for which it waited for a place; until the simulation's end, where it never got one."""
    attempts = trace.attempts
    placed = attempts.outcome != AttemptOutcome.WAITING
    return np.asarray(np.where(placed, attempts.placed_at, trace.ended_at) - attempts.wanted_at, np.float64)


def evictions(trace: Trace) -> int:
    """How many attempts were evicted for others."""
    return int((trace.attempts.outcome == AttemptOutcome.PREEMPTED).sum())


def work_lost(trace: Trace) -> float:
    """Seconds that attempts had run which were evicted, but for what their checkpoints had saved."""
    return float(work_lost_each(trace).sum())


def work_lost_each(trace: Trace) -> FloatArray:
    """The same per attempt: 0 for what was not evicted, or not before it ran."""
    attempts = trace.attempts
    rows = (attempts.outcome == AttemptOutcome.PREEMPTED) & ~np.isnan(attempts.started_at)
    return np.asarray(np.where(rows, attempts.ended_at - attempts.started_at - attempts.saved, 0.0), np.float64)


def makespan(trace: Trace) -> float:
    """From the first submission to the end of the last attempt; to the end of the simulation where one is open."""
    begin = float(trace.graphs.submitted_at.min())
    return max(0.0, float(_ends(trace).max(initial=begin)) - begin)


def resources(trace: Trace) -> list[str]:
    """What attempts ask for and nodes have, devices first."""
    asked = {name for each in trace.submissions for cls in _classes(each) for name, amount in cls.resources if amount}
    known = {name for node in trace.nodes for name, amount in node.allocatable.items() if amount}
    return sorted((asked & known) - {PODS}, key=lambda name: ("/" not in name, name))


def usage(trace: Trace, resource: str) -> Usage:
    """What is taken of a resource over time, from the first submission on."""
    placed = trace.attempts.outcome != AttemptOutcome.WAITING
    taken = amounts(trace, resource)[placed]
    begin = float(trace.graphs.submitted_at.min())
    times = np.concatenate(([begin], trace.attempts.placed_at[placed], _ends(trace)))
    changes = np.concatenate(([0], taken, -taken))
    order = np.argsort(times, kind="stable")
    at, first = np.unique(times[order], return_index=True)
    used = np.add.reduceat(changes[order], first).cumsum()
    return Usage(at, used.astype(np.float64), float(sum(node.allocatable.get(resource, 0) for node in trace.nodes)))


def utilisation(trace: Trace, resource: str) -> float:
    """The share of the nodes' resource that is taken, on average over the makespan."""
    taken = usage(trace, resource)
    length = makespan(trace)
    if not length or not taken.capacity:
        return 0.0
    return float((taken.used[:-1] * np.diff(taken.times)).sum()) / (taken.capacity * length)


def node_utilisation(trace: Trace, resource: str) -> FloatArray:
    """Per node, the share of its resource that is taken, on average over the makespan; 0 where it has none."""
    placed = trace.attempts.outcome != AttemptOutcome.WAITING
    taken = amounts(trace, resource)[placed] * (_ends(trace) - trace.attempts.placed_at[placed])
    work = np.bincount(trace.attempts.node[placed], taken, minlength=len(trace.nodes))
    room = np.array([node.allocatable.get(resource, 0) for node in trace.nodes]) * makespan(trace)
    return np.divide(work, room, out=np.zeros(len(room)), where=room > 0)


def waiting_by_reason(trace: Trace) -> dict[str, float]:
    """Seconds that all units together have waited, by reason, in the order of `Reason`; reasons that cost nothing are left out.

    `DependencyPending` is the time from the submission until the unit could start, `BackingOff` that between two attempts,
    `Binding` that from its place to its start.
    """
    attempts = trace.attempts
    placed = attempts.outcome != AttemptOutcome.WAITING
    seconds = waits(trace)
    found: dict[str, float] = {}
    reasons = np.array(attempts.reason, dtype=object)
    for reason in dict.fromkeys(attempts.reason):
        if reason:
            found[reason] = float(seconds[reasons == reason].sum())
    before, first = _end_before(trace)
    earliest = np.where(np.isnan(before), trace.graphs.submitted_at[attempts.graph], before)
    between = attempts.wanted_at - earliest
    found[Reason.DEPENDENCY_PENDING.value] = float(between[first].sum())
    found[Reason.BACKING_OFF.value] = float(between[~first].sum())
    starting = np.where(np.isnan(attempts.started_at), _ended(trace), attempts.started_at) - attempts.placed_at
    found[Reason.BINDING.value] = float(starting[placed].sum())
    return {reason.value: found[reason.value] for reason in Reason if found.get(reason.value, 0.0) > 0}


def cost(trace: Trace) -> float:
    """The nodes' prices, for the time in which each had an attempt."""
    placed = trace.attempts.outcome != AttemptOutcome.WAITING
    nodes, starts, ends = trace.attempts.node[placed], trace.attempts.placed_at[placed], _ends(trace)
    order = np.lexsort((starts, nodes))
    total = 0.0
    for number in np.unique(nodes).tolist():
        of_node = order[np.searchsorted(nodes[order], number) : np.searchsorted(nodes[order], number, side="right")]
        total += trace.nodes[number].cost * _covered(starts[of_node], ends[of_node]) / _HOUR
    return total


def _classes(submission: Submission) -> set[RequestClass]:
    """All that its attempts may have asked."""
    of_candidates = (one.request_class for each in submission.candidates.values() for one in each.candidates)
    return {*submission.classes, *of_candidates}


def _covered(starts: FloatArray, ends: FloatArray) -> float:
    """Seconds within at least one of the intervals, which are sorted by their starts."""
    latest = np.maximum.accumulate(ends)
    gaps = np.maximum(0.0, starts[1:] - latest[:-1]).sum()
    return float(latest[-1] - starts[0] - gaps)


def _ended(trace: Trace) -> FloatArray:
    ended = trace.attempts.ended_at
    return np.asarray(np.where(np.isnan(ended), trace.ended_at, ended), np.float64)


def _ends(trace: Trace) -> FloatArray:
    """Of all that were placed, when they ended, or the simulation did."""
    return np.asarray(_ended(trace)[trace.attempts.outcome != AttemptOutcome.WAITING], np.float64)


def amounts(trace: Trace, resource: str) -> IntArray:
    """Per attempt, what it asked of a resource."""
    attempts = trace.attempts
    found = np.zeros(len(attempts), np.int64)
    per_class: dict[object, int] = {}
    columns = (attempts.graph, attempts.task, attempts.shard, attempts.candidate)
    for row, (graph, task, shard, candidate) in enumerate(zip(*(each.tolist() for each in columns), strict=True)):
        asked = trace.submissions[graph].asked_by(task, shard, candidate)
        amount = per_class.get(asked)
        if amount is None:
            amount = per_class[asked] = dict(asked.resources).get(resource, 0)
        found[row] = amount
    return found


def _end_before(trace: Trace) -> tuple[FloatArray, BoolArray]:
    """Per attempt, when the one before it ended, NaN for the first; and whether it is the first, in its round perhaps."""
    attempts, ended = trace.attempts, _ended(trace)
    order = np.lexsort((attempts.incarnation, attempts.shard, attempts.task, attempts.graph))
    first = np.ones(len(attempts), bool)
    before = np.full(len(attempts), np.nan)
    if len(order) > 1:
        here, last = order[1:], order[:-1]
        same = (
            (attempts.graph[here] == attempts.graph[last])
            & (attempts.task[here] == attempts.task[last])
            & (attempts.shard[here] == attempts.shard[last])
        )
        first[here[same & (attempts.round[here] == attempts.round[last])]] = False
        before[here[same]] = ended[last[same]]
    return before, first
