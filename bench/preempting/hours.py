"""Simulated hours of three queues whose gangs do not divide their quotas."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from bayplan.admission.preemption.rules import Preemption, Reclaim, WithinQueue
from bayplan.admission.queue import Queue, QuotaRow
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas import QuotaKey
from bayplan.lifecycle import Flow, GangRule
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import AttemptOutcome, Policy, Preempted, Setup, Submission, Trace, figures, simulate
from bayplan.strategy.presets import compile_preset

NODES, SIZE = 4, 8
NOMINAL = {"a": 10, "b": 11, "c": 11}
GANGS = (1, 2, 3, 5, 7)
HOUR = 3_600.0
ASKED = RequestClass((("gpu", 1),))
LOAD = 1.1
"""What arrives, in parts of what the nodes can do: queues borrow and take back all the time."""


@dataclass(slots=True)
class Hours:
    """What became of some windows."""

    hours: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)


def window(seed: tuple[int, ...], hours: float, found: Hours, *, minimum: float = 0.0) -> Trace:
    """Arrivals for so many hours, then until all has ended; what goes wrong is counted."""
    random = np.random.default_rng(seed)
    rules = Preemption(WithinQueue.LOWER_PRIORITY, Reclaim.ANY, minimum)
    queues = [Queue("all", half_life=24 * HOUR)]
    queues += [Queue(name, "all", (QuotaRow(QuotaKey("gpu"), nominal),), preemption=rules) for name, nominal in NOMINAL.items()]
    mean = 6 * HOUR
    rate = LOAD * NODES * SIZE / (mean * float(np.mean(GANGS)))
    submissions, at = [], 0.0
    while (at := at + float(random.exponential(1 / rate))) < hours * HOUR:
        submissions.append(_submission(len(submissions), at, float(random.exponential(mean)) + 1.0, random))
    if not submissions:
        return window((*seed, 1), hours, found, minimum=minimum)
    setup = Setup(
        [NodeInfo(f"n{number}", {"gpu": SIZE}) for number in range(NODES)],
        {"p": Policy(compile_preset("BestFit"))},
        queues=tree_of(queues),
    )
    trace = simulate(submissions, setup)
    found.hours += trace.ended_at / HOUR
    _count(trace, found)
    return trace


def _submission(number: int, at: float, seconds: float, random: np.random.Generator) -> Submission:
    members = int(random.choice(GANGS))
    graph = Graph.build([Task("t", (), members, seconds)])
    flow = None
    if members > 1:
        rule = GangRule("g", tuple(range(members)), members, 600.0)
        flow = replace(Flow.plain(graph), gangs=(rule,))
    return Submission(
        f"team/{number}",
        graph,
        (ASKED,),
        at=at,
        priority=int(random.choice([0, 0, 5])),
        policy="p",
        queue=str(random.choice(list(NOMINAL))),
        flow=flow,
        grace=float(random.choice([0.0, 10.0, 30.0])),
        checkpoints=(HOUR,) if random.random() < 0.5 else (),
    )


def _count(trace: Trace, found: Hours) -> None:
    attempts, outcome = trace.attempts, trace.attempts.outcome
    found.figures["graphs"] += len(trace.graphs)
    found.figures["plans"] += len(trace.preempted)
    found.figures["pods evicted"] += figures.evictions(trace)
    found.figures["evicted a third time between two events"] += _third_times(trace)
    found.figures["GPU seconds lost"] += round(figures.work_lost(trace))
    found.figures["GPU seconds of work"] += round(float((attempts.ended_at - attempts.started_at)[outcome == 1].sum()))
    found.faults["victims whose pre-emptor did not run"] += trace.in_vain
    found.faults["never finished"] += int((~trace.graphs.succeeded).sum())
    found.faults.update(_evictions_in_a_row(trace))
    events = np.concatenate((attempts.placed_at, attempts.ended_at))
    changes = np.concatenate((np.ones(len(attempts)), -np.ones(len(attempts))))
    order = np.lexsort((changes, events))
    found.faults["more held than there is"] += int((changes[order].cumsum() > NODES * SIZE).sum())


def _third_times(trace: Trace) -> int:
    evicted = Counter((graph, number) for number, each in _stretches(trace) for graph in each.victims)
    return sum(max(0, count - 2) for count in evicted.values())


def _stretches(trace: Trace) -> list[tuple[int, Preempted]]:
    """The plans, each with how many arrivals and ends came before."""
    attempts = trace.attempts
    news = [*trace.graphs.submitted_at.tolist(), *attempts.ended_at[attempts.outcome == AttemptOutcome.SUCCEEDED].tolist()]
    at = np.searchsorted(np.sort(np.array(news)), [each.at for each in trace.preempted], "right")
    return list(zip(at.tolist(), trace.preempted, strict=True))


def _evictions_in_a_row(trace: Trace) -> Counter[str]:
    """Between two arrivals or ends: plans beyond one of each graph for each time that it waits; and plans of a graph where the
    same was running before, as in a loop."""
    attempts = trace.attempts
    found: Counter[str] = Counter({"more than one plan for a wait": 0, "loops": 0})
    plans: Counter[tuple[int, int]] = Counter()
    evicted: Counter[tuple[int, int]] = Counter()
    seen: set[tuple[int, int, frozenset[int]]] = set()
    for number, each in _stretches(trace):
        plans[each.graph, number] += 1
        found["more than one plan for a wait"] += plans[each.graph, number] > 1 + evicted[each.graph, number]
        there = (attempts.placed_at <= each.at) & (attempts.ended_at > each.at)
        state = number, each.graph, frozenset(attempts.graph[there].tolist())
        found["loops"] += state in seen
        seen.add(state)
        for graph in each.victims:
            evicted[graph, number] += 1
    return found
