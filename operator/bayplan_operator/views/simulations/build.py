"""From a trace to the figures that are shown."""

import math
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from bayplan.admission.queue import Queue
from bayplan.lifecycle import Gate
from bayplan.model.arrays import IntArray
from bayplan.simulation import AttemptOutcome, Submission, Trace, TrueRunTimes, figures
from bayplan_operator.views.model.attempt import SimulatedAttempt
from bayplan_operator.views.model.graph import SimulatedGraph
from bayplan_operator.views.model.node import SimulatedNode
from bayplan_operator.views.model.simulation import FORMAT, Figures, Simulation, Switch, Usage
from bayplan_operator.views.model.task import SimulatedTask
from bayplan_operator.views.simulations import choices
from bayplan_operator.views.simulations.bounds import Bounds
from bayplan_operator.views.simulations.queue_outcomes import queue_outcomes

_MOST_POINTS = 2_000
NO_QUEUES: Mapping[str, Queue] = {}
_OUTCOMES = {outcome: "".join(part.capitalize() for part in outcome.name.split("_")) for outcome in AttemptOutcome}
GATES = {Gate.ANY: "Any", Gate.BEST: "BestOf", Gate.ALWAYS: "Always"}
"""As manifests write them."""
_DIGITS = 6
"""Of seconds, after the point."""


def build(trace: Trace, policy: str, seed: int, run_times: TrueRunTimes, queues: Mapping[str, Queue] = NO_QUEUES) -> Simulation:
    """All figures. `policy`: what it is called; `queues`: by name."""
    bounds, made = Bounds(trace, run_times), choices.by_graph(trace)
    rows = _rows_of_graphs(trace)
    of_queues = queue_outcomes(trace, queues)
    return Simulation(
        format=FORMAT,
        policy=policy,
        seed=seed,
        figures=_figures(trace, bounds),
        waiting={reason: _round(seconds) for reason, seconds in figures.waiting_by_reason(trace).items()},
        nodes=tuple(_nodes(trace)),
        graphs=tuple(
            msgspec.structs.replace(_graph(trace, bounds, number, rows[number]), choices=made.get(number, msgspec.UNSET))
            for number in range(len(trace.graphs))
        ),
        attempts=tuple(_attempts(trace)),
        usage=tuple(_usage(trace, resource) for resource in figures.resources(trace)),
        switches=tuple(Switch(_round(each.at), each.policy, each.strategy, each.why) for each in trace.switches),
        queues=msgspec.UNSET if of_queues is None else of_queues,
    )


def _figures(trace: Trace, bounds: Bounds) -> Figures:
    graphs, outcome, waits = trace.graphs, trace.attempts.outcome, figures.waits(trace)
    unplaced = int((outcome == AttemptOutcome.WAITING).sum())
    return Figures(
        makespan=_round(figures.makespan(trace)) if np.isfinite(graphs.ended_at).all() else None,
        lower_bound=_round(bounds.of_all()),
        completion=_known(figures.completion(trace)),
        waiting=_round(float(waits.mean())) if len(waits) else 0.0,
        waiting_p95=_round(float(np.quantile(waits, 0.95))) if len(waits) else 0.0,
        waiting_longest=_round(float(waits.max(initial=0.0))),
        utilisation={name: _round(figures.utilisation(trace, name)) for name in figures.resources(trace)},
        graphs=len(graphs),
        succeeded=int(graphs.succeeded.sum()),
        deadlines=sum(each.deadline is not None for each in trace.submissions),
        missed=int(graphs.missed.sum()),
        attempts=len(outcome) - unplaced,
        failed=int((outcome == AttemptOutcome.FAILED).sum()),
        lost=int((outcome == AttemptOutcome.LOST).sum()),
        unplaced=unplaced,
        cost=_round(figures.cost(trace)),
        events=trace.events,
        ended_at=_round(trace.ended_at),
    )


def _nodes(trace: Trace) -> Iterator[SimulatedNode]:
    counts = np.bincount(trace.attempts.node[trace.attempts.node >= 0], minlength=len(trace.nodes)).tolist()
    shares = {resource: figures.node_utilisation(trace, resource).tolist() for resource in figures.resources(trace)}
    for number, node in enumerate(trace.nodes):
        yield SimulatedNode(
            name=node.name,
            node_class=node.node_class,
            cost_per_hour=node.cost,
            allocatable=dict(node.allocatable),
            attempts=counts[number],
            utilisation={
                resource: _round(of_all[number]) for resource, of_all in shares.items() if node.allocatable.get(resource)
            },
        )


def _rows_of_graphs(trace: Trace) -> list[IntArray]:
    """By number of a graph, the rows of its attempts."""
    order = np.argsort(trace.attempts.graph, kind="stable")
    return np.split(order, np.searchsorted(trace.attempts.graph[order], np.arange(1, len(trace.graphs))))


def _graph(trace: Trace, bounds: Bounds, number: int, rows: IntArray) -> SimulatedGraph:
    submission, graphs = trace.submissions[number], trace.graphs
    durations = bounds.durations(number, fastest=False)
    path = submission.graph.critical_path(durations)
    if submission.flow is not None:
        path = [task for task in path if durations[task] > 0]
    ended = _known(float(graphs.ended_at[number]))
    succeeded = bool(graphs.succeeded[number])
    return SimulatedGraph(
        name=submission.name,
        policy=submission.policy,
        priority=submission.priority,
        submitted=submission.at,
        started=_known(float(graphs.started_at[number])),
        ended=ended,
        status="Succeeded" if succeeded else "Unfinished" if ended is None else "Failed",
        failure=graphs.failure[number],
        deadline=None if submission.deadline is None else _round(submission.at + submission.deadline),
        missed=bool(graphs.missed[number]),
        critical_path=tuple(submission.graph.tasks[task].name for task in path),
        critical_seconds=_round(float(durations[path].sum())),
        lower_bound=_round(bounds.of_graph(number)),
        tasks=tuple(_tasks(trace, number, frozenset(path), rows)),
        strategy=graphs.strategy[number] if graphs.strategy else "",
        rounds=graphs.rounds[number],
        skipped=_skipped(trace, number),
    )


def _skipped(trace: Trace, number: int) -> tuple[str, ...]:
    """Tasks of which every shard was."""
    graph, units = trace.submissions[number].graph, trace.graphs.skipped[number]
    if not units:
        return ()
    starts = graph.unit_start.tolist()
    spans = (range(starts[task], starts[task + 1]) for task in range(len(graph.tasks)))
    return tuple(task.name for task, span in zip(graph.tasks, spans, strict=True) if units.issuperset(span))


def _tasks(trace: Trace, number: int, critical: frozenset[int], rows: IntArray) -> Iterator[SimulatedTask]:
    attempts, graph, flow = trace.attempts, trace.submissions[number].graph, trace.submissions[number].flow
    count = len(graph.tasks)
    starts, ends, done = np.full(count, np.inf), np.zeros(count), np.zeros(count, np.int64)
    last = np.zeros(count, np.int64)
    np.maximum.at(last, attempts.task[rows], attempts.round[rows])
    ran = rows[~np.isnan(attempts.started_at[rows])]
    np.minimum.at(starts, attempts.task[ran], attempts.started_at[ran])
    good = rows[(attempts.outcome[rows] == AttemptOutcome.SUCCEEDED) & (attempts.round[rows] == last[attempts.task[rows]])]
    np.maximum.at(ends, attempts.task[good], attempts.ended_at[good])
    np.add.at(done, attempts.task[good], 1)
    for index, task in enumerate(graph.tasks):
        yield SimulatedTask(
            name=task.name,
            depends_on=task.depends_on,
            shards=task.shards,
            critical=index in critical,
            start=_known(float(starts[index])),
            end=_round(float(ends[index])) if done[index] == task.shards else None,
            gate=msgspec.UNSET if flow is None else GATES.get(Gate(flow.gate[index]), msgspec.UNSET),
            when=msgspec.UNSET if flow is None or index not in flow.when else str(flow.when[index]),
            repeats=True if flow is not None and flow.repeated is not None and flow.repeated.tasks[index] else msgspec.UNSET,
        )


def _attempts(trace: Trace) -> Iterator[SimulatedAttempt]:
    attempts = trace.attempts
    columns = (
        attempts.graph, attempts.task, attempts.shard, attempts.incarnation, attempts.node,
        attempts.wanted_at, attempts.placed_at, attempts.started_at, attempts.ended_at, attempts.outcome, attempts.round,
        attempts.candidate,
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for row, (graph, task, shard, number, node, wanted, placed, started, ended, outcome, of_round, ran) in enumerate(rows):
        submission = trace.submissions[graph]
        yield SimulatedAttempt(
            graph=submission.name,
            task=submission.graph.tasks[task].name,
            shard=shard,
            number=number,
            node=None if node < 0 else trace.nodes[node].name,
            gpus=attempts.gpus[row],
            wanted=_round(wanted),
            placed=_known(placed),
            start=_known(started),
            end=_known(ended),
            outcome=_OUTCOMES[outcome],
            reason=attempts.reason[row],
            why=attempts.why[row],
            round=of_round,
            candidate=_candidate(submission, task, ran),
        )


def _candidate(submission: Submission, task: int, position: int) -> str | msgspec.UnsetType:
    if task not in submission.candidates:
        return msgspec.UNSET
    return submission.candidates[task].terms.names[position] if position >= 0 else ""


def _usage(trace: Trace, resource: str) -> Usage:
    """How much of the resource is used over time. If there are very many steps, some are kept, evenly spread; the shares in
    the figures are of all steps."""
    taken = figures.usage(trace, resource)
    step = max(1, math.ceil(len(taken.times) / _MOST_POINTS))
    kept = sorted({*range(0, len(taken.times), step), len(taken.times) - 1})
    return Usage(
        resource=resource,
        capacity=int(taken.capacity),
        times=tuple(_round(float(taken.times[each])) for each in kept),
        used=tuple(float(taken.used[each]) for each in kept),
    )


def _round(seconds: float) -> float:
    return round(seconds, _DIGITS)


def _known(seconds: float) -> float | None:
    return _round(seconds) if math.isfinite(seconds) else None
