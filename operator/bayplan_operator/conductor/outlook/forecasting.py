"""When a graph will have ended: what a thread is asked, and what it answers. Pure."""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan.foresight.estimates import (
    Basis,
    Capacity,
    Durations,
    Earliest,
    LeastCourse,
    RestOfGraph,
    Scenario,
    Suggestion,
    advice,
    course,
    durations,
    earliest,
    lateness,
    sure_rounds,
    with_further_rounds,
    with_gates,
    within,
)
from bayplan.foresight.graph_plans import Situation
from bayplan.lifecycle import Run, UnitState
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.turns import capacity_for
from bayplan_operator.conductor.outlook.graph_plans.glimpse import Glimpse, situation
from bayplan_operator.conductor.outlook.lessons import Lesson
from bayplan_operator.conductor.record.completion import Forecast, Interval, Unknown
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_graph import Prepared

AT_RISK, SAFE = 0.90, 0.93
"""Below the first a deadline is at risk; it is no more from the second on, so that it does not flicker."""
_LOW, _HIGH = 0.1, 0.9
_DRAWN = 256
"""Numbers of rounds, as many as an estimate has samples at most."""
_NO_PLACE = "some of it finds no place on the nodes that are ready now"


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A graph as it stands, on a copy of the cluster that is the thread's own."""

    seen: Glimpse
    """With hints alone: what was learned is looked up as distributions."""
    lesson: Lesson
    uid: str
    deadline: float | None
    rivals: bool
    """Other graphs want nodes too."""
    strategy: Strategy
    """By which it is placed."""
    obstacle: str = ""
    """Why the end cannot be told whatever is known of run times."""


def expected(running: Running) -> FloatArray:
    """Per task, the median seconds that were learned, or what its author expects; 0: nothing is known. O(tasks)."""
    said = np.array([task.expected_duration or 0.0 for task in running.prepared.spec.tasks])
    return (
        said
        if running.foreseen.seconds is None
        else np.where(np.isnan(running.foreseen.seconds), said, running.foreseen.seconds)
    )


def first_bound(cluster: Cluster, prepared: Prepared, run: Run, selector: Selector, least: FloatArray, now: float) -> Earliest:
    """What no schedule can beat from now on, by these seconds per task, 0 where nothing is known. As cheap as `earliest`."""
    of_unit, running = least[prepared.graph.unit_task], run.state == UnitState.RUNNING
    elapsed = np.where(running, np.nan_to_num(now - run.started), 0.0)
    left = np.where(running, np.maximum(of_unit - elapsed, 0.0), np.nan)
    left[run.state >= UnitState.SUCCEEDED] = 0.0  # the graph goes on without what has failed or was skipped
    classes = [template.request_class for template in prepared.templates]
    return earliest(cluster, prepared.graph, classes, selector, least, left, _course(prepared, run))


def _course(prepared: Prepared, run: Run) -> LeastCourse | None:
    """None: every task runs, after all before it. Rounds that a condition may end are not counted: the bound must hold."""
    flow, repeating = prepared.relations.flow, prepared.relations.repeating
    if flow is None:
        return None
    if repeating is None or run.rounds_over:
        return course(prepared.graph, flow)
    over, rule = max(run.round, 1), repeating.rule
    sure = sure_rounds(
        rule.most,
        rule.until is not None or repeating.joint is not None,
        None if rule.patience is None else rule.patience.rounds,
        over,
    )
    return course(prepared.graph, flow, sure, None if repeating.sampling is None else repeating.sampling.clients)


def _further(question: Question) -> IntArray:
    """Equally likely numbers of rounds after the current one: as earlier graphs took, or all that are allowed."""
    repeating, run = question.seen.prepared.relations.repeating, question.seen.run
    if repeating is None or run.rounds_over:
        return np.zeros(1, np.int64)
    begun, most = max(run.round, 1), repeating.rule.most
    if not question.lesson.rounds.informed or begun >= most:
        return np.array([most - begun])
    return question.lesson.rounds.drawn(begun, most, _DRAWN, _seed(question.uid)) - begun


def forecast(question: Question) -> Forecast:
    """The same question gets the same answer. O(making a plan + samples * (units * log units + edges))."""
    seen = question.seen
    graph, now = seen.prepared.graph, seen.now
    there, known, elapsed = _learned(question, situation(seen))
    least = np.where(known.basis == Basis.NOTHING, 0.0, _least(known))
    first = first_bound(seen.cluster, seen.prepared, seen.run, seen.terms.selector, least, now)
    path = first.bound.path
    heavy = graph.tasks[max(path, key=lambda task: least[task])].name if path else ""
    why = question.obstacle or _nowhere(first)
    if why or not known.informed:
        return Forecast(now, first, why or known.words, Unknown.WAIT if why else Unknown.RUN_TIMES, None, heavy, ())
    scenario = _scenario(question, there, known, elapsed, seen.cluster)
    found = scenario.estimate()
    if not np.isfinite(found.ends[-1]):
        return Forecast(now, first, _NO_PLACE, Unknown.WAIT, None, heavy, ())
    end = Interval(*(now + found.quantile(each) for each in (0.5, _LOW, _HIGH)))
    basis = _basis(known, question)
    if question.deadline is None:
        return Forecast(now, first, basis, end, None, heavy, ())
    budget = max(question.deadline - now, 0.0)
    probability = found.probability_by(budget)
    helps: tuple[Suggestion, ...] = ()
    if probability < SAFE and budget > 0:
        helps = advice(scenario, first.bound, budget, AT_RISK, _alone(question))
    return Forecast(now, first, basis, end, probability, heavy, helps)


def _basis(known: Durations, question: Question) -> str:
    """Without the number of the round, which would have the status written again for each."""
    repeating = question.seen.prepared.relations.repeating
    if repeating is None:
        return known.words
    if not repeating.may_end_early:
        return f"{known.words}, {repeating.rule.most} rounds"
    if question.lesson.rounds.informed:
        return f"{known.words}; rounds as learned: {question.lesson.rounds.words}"
    return f"{known.words}, if all {repeating.rule.most} rounds are run"


def _scenario(question: Question, there: Situation, known: Durations, elapsed: FloatArray, cluster: Cluster) -> Scenario:
    """What is left of the graph, on a cluster, with the rounds that are to come."""
    prepared, seed = question.seen.prepared, _seed(question.uid)
    flow = prepared.relations.flow

    def capacity(each: RestOfGraph) -> Capacity:
        found = capacity_for(question.strategy, cluster, each.situation, each.classes)
        return within(found, question.seen.terms.quotas, cluster, each.situation)

    rest = RestOfGraph(there, known, elapsed, tuple(template.request_class for template in prepared.templates))
    if flow is not None:
        run, since = question.seen.run, question.seen.now - question.seen.run.started
        late = lateness(
            prepared.graph, flow, question.seen.terms.time_outs, run.state == UnitState.SUCCEEDED, np.maximum(since, 0.0)
        )
        rest = with_gates(replace(rest, late=late), flow)
        rest = with_further_rounds(rest, flow, _further(question), seed, capacity)
    return rest.scenario(seed, capacity)


def _nowhere(first: Earliest) -> str:
    return f"no node that is there could ever hold task {first.nowhere[0]}" if first.nowhere else ""


def _learned(question: Question, there: Situation) -> tuple[Situation, Durations, FloatArray]:
    """With what was learned; what is known of the run times; the seconds that each unit runs already (NaN: it does not)."""
    run = question.seen.run
    since = np.where(run.state == UnitState.RUNNING, np.nan_to_num(question.seen.now - run.started), 0.0)
    elapsed = np.where(there.running, np.maximum(since, 0.0), np.nan)
    seen, classes = question.seen, there.nodes.classes
    known = durations(there.graph, seen.prepared.runs, classes, there.seconds, question.lesson.run_times)
    starts = question.lesson.start_ups
    starting = None if starts is None else starts.table([f"{run.family}/{run.task}" for run in seen.prepared.runs], classes)
    known = replace(known, reruns=seen.reruns(classes), starting=starting)
    return replace(there, seconds=known.expected), known, elapsed


def _alone(question: Question) -> Scenario | None:
    """The graph with the nodes to itself; none: no other graph wants them."""
    if not question.rivals:
        return None
    seen, empty = question.seen, Cluster()
    for node in seen.cluster.nodes:
        empty.set_node(node)
    run, graph = seen.run, seen.prepared.graph
    for unit in np.flatnonzero(np.isin(run.state, (UnitState.BINDING, UnitState.RUNNING))).tolist():
        asked = seen.prepared.templates[int(graph.unit_task[unit])].request_class
        empty.occupy(unit, run.node[unit], dict(asked.resources))
    terms = replace(seen.terms, quotas=tuple(each.alone for each in seen.terms.quotas))
    alone = replace(question, seen=replace(seen, cluster=empty, terms=terms))
    return _scenario(alone, *_learned(alone, situation(alone.seen)), empty)


def _least(known: Durations) -> FloatArray:
    """Per task, the median seconds on the class of nodes where it is fastest, as what was learned is used elsewhere."""
    least = known.median.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)


def _seed(uid: str) -> int:
    """The same for the same graph, so that a restarted operator draws the same."""
    return int.from_bytes(blake2b(uid.encode(), digest_size=8).digest(), "big")
