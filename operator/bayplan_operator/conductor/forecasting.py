"""When a graph will have ended: what a thread is asked, and what it answers. Pure."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bayplan.arrays import FloatArray
from bayplan.cluster import Cluster
from bayplan.estimates import Basis, Durations, Luck, Suggestion, Trial, advice, durations, samples
from bayplan.filters import Selector
from bayplan.lifecycle import Run, UnitState
from bayplan.plans import Nodes, Situation, expected_seconds, make_plan, slots
from bayplan.prediction import Run as PredictedRun
from bayplan.workload import RequestClass
from bayplan_operator.conductor.bounding import Earliest, earliest
from bayplan_operator.translate.task_graph import Prepared

AT_RISK, SAFE = 0.90, 0.93
"""Below the first a deadline is at risk; it is no more from the second on, so that it does not flicker."""
_SLOTS = 1_000
"""Per class of nodes."""
_MOST_CLASSES = 64
"""Kinds of requests that are told apart; the rest counts as fitting anywhere."""
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A graph as it stands, on a copy of the cluster that is the thread's own."""

    cluster: Cluster
    prepared: Prepared
    run: Run
    runs: tuple[PredictedRun, ...]
    """Per task, under what its run time is learned."""
    selector: Selector
    """Of its policy."""
    uid: str
    bandwidth: float
    deadline: float | None
    rivals: bool
    """Other graphs want nodes too."""
    now: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The answer; instants in seconds since the epoch."""

    made_at: float
    earliest: Earliest
    basis: str
    completion: float | None
    """By which half of the samples have ended; none: nothing is known of the run times, or something finds no place."""
    low: float | None
    high: float | None
    """Four samples in five end between these."""
    probability: float | None
    """Of meeting the deadline."""
    heavy: str
    """The task that takes most of the longest chain."""
    advice: tuple[Suggestion, ...]
    """Where the deadline is at risk."""


def forecast(question: Question) -> Forecast:
    """The same question gets the same answer. O(making a plan + samples * (units * log units + edges))."""
    situation, known, elapsed = _situation(question)
    least = np.where(known.basis == Basis.NOTHING, 0.0, _least(situation))
    first = earliest(question.cluster, question.prepared, question.run, question.selector, least, question.now)
    path = first.bound.path
    heavy = question.prepared.graph.tasks[max(path, key=lambda task: least[task])].name if path else ""
    nothing = Forecast(question.now, first, known.words, None, None, None, None, heavy, ())
    if first.nowhere or not known.informed:
        return nothing
    graph = question.prepared.graph
    plan = make_plan(situation)
    luck = Luck.draw(graph, samples(graph.units), _seed(question.uid))
    trial = Trial.of(plan, known, elapsed, luck)
    found = trial.estimate()
    if not np.isfinite(found.ends[-1]):
        return nothing
    median, low, high = (question.now + found.quantile(each) for each in (0.5, _LOW, _HIGH))
    if question.deadline is None:
        return Forecast(question.now, first, known.words, median, low, high, None, heavy, ())
    budget = max(question.deadline - question.now, 0.0)
    probability = found.probability_by(budget)
    helps: tuple[Suggestion, ...] = ()
    if probability < SAFE:
        helps = advice(trial, first.bound, budget, AT_RISK, _alone(question, luck))
    return Forecast(question.now, first, known.words, median, low, high, probability, heavy, helps)


def _situation(question: Question, nodes: Nodes | None = None) -> tuple[Situation, Durations, FloatArray]:
    """With what is known of the run times, and the seconds that each unit runs already (NaN: it does not)."""
    prepared, run, graph = question.prepared, question.run, question.prepared.graph
    if nodes is None:
        nodes = slots(question.cluster, _asks(prepared, run), _SLOTS, question.selector)
    seconds = expected_seconds(graph, question.runs, nodes.classes)
    known = durations(graph, question.runs, nodes.classes, seconds, None)
    seconds[~nodes.admitting(tuple(template.request_class for template in prepared.templates))] = np.inf
    place = np.array([nodes.number.get(name, -1) for name in run.node], np.int64)
    active = np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING)) & (place >= 0)
    since = np.where(run.state == UnitState.RUNNING, np.nan_to_num(question.now - run.started), 0.0)
    elapsed = np.where(active, np.maximum(since, 0.0), np.nan)
    expected = known.expected[graph.unit_task, nodes.node_class[place]] if len(nodes.names) else np.zeros(graph.units)
    situation = Situation(
        graph=graph,
        seconds=seconds,
        data=prepared.data,
        bandwidth=question.bandwidth,
        nodes=nodes,
        now=question.now,
        done=np.asarray(run.state == UnitState.SUCCEEDED),
        place=place,
        left=np.where(active, np.maximum(expected - elapsed, 0.0), np.nan),
    )
    return situation, known, elapsed


def _alone(question: Question, luck: Luck) -> Trial | None:
    """The graph with the nodes to itself; none: nobody else wants them."""
    if not question.rivals:
        return None
    empty = Cluster()
    for node in question.cluster.nodes:
        empty.set_node(node)
    run, graph = question.run, question.prepared.graph
    for unit in np.flatnonzero(np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING))).tolist():
        asked = question.prepared.templates[int(graph.unit_task[unit])].request_class
        empty.occupy(unit, run.node[unit], dict(asked.resources))
    nodes = slots(empty, _asks(question.prepared, run), _SLOTS, question.selector)
    situation, known, elapsed = _situation(question, nodes)
    return Trial.of(make_plan(situation), known, elapsed, luck)


def _asks(prepared: Prepared, run: Run) -> dict[RequestClass, int]:
    """What is still to be placed, the most frequent kinds."""
    waits = np.isin(run.state, (UnitState.PENDING, UnitState.READY))
    counts = np.bincount(prepared.graph.unit_task[waits], minlength=len(prepared.templates)).tolist()
    found: dict[RequestClass, int] = {}
    for template, count in zip(prepared.templates, counts, strict=True):
        if count:
            found[template.request_class] = found.get(template.request_class, 0) + count
    return dict(sorted(found.items(), key=lambda item: -item[1])[:_MOST_CLASSES])


def _least(situation: Situation) -> FloatArray:
    least = situation.seconds.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)


def _seed(uid: str) -> int:
    """So that an operator started anew draws the same."""
    return int.from_bytes(blake2b(uid.encode(), digest_size=8).digest(), "big")
