"""Between two rounds of a graph: whether there is another, and what it begins with."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.collaboration.rounds import (
    AfterRound,
    RoundLots,
    RoundState,
    RoundTerms,
    after_round,
    clients_of,
    drawn,
    free_for,
    none_ran,
    progressed,
    several_of,
)
from bayplan.lifecycle import Flow, Round, Undecidable, UnitState, round_over, values_of
from bayplan.lifecycle.conditions.truth import Lookup
from bayplan.model.arrays import IntArray
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.rounds import RoundsRecord
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate import round_record
from bayplan_operator.translate.attempt import round_of
from bayplan_operator.translate.flow.repeating import Repeating
from bayplan_operator.translate.own_pod import OwnPod, unit_of
from bayplan_operator.view import PodStore
from bayplan_operator.writer import EventWriter

_LONGEST = 256
_UNDECIDED = "undecided"
"""In the line of a round after which it could not be told whether the condition holds."""


class BetweenRounds:
    """Decides on the next round once one is over, and begins it once that is recorded."""

    def __init__(self, cluster: Cluster, events: EventWriter, pods: PodStore) -> None:
        self._cluster, self._events, self._pods = cluster, events, pods

    def begin(self, graph: GraphRun, running: Running, now: float) -> None:
        """The next round, if it was decided and its decision is recorded; the first is decided here where lots are drawn."""
        rounds, flow = running.rounds, running.prepared.relations.flow
        if rounds is None or flow is None or flow.repeated is None or rounds.over:
            return
        if not rounds.found:
            rounds.found = True
            self._recall(graph, running, flow, now)
        if rounds.next.value is None and not running.run.round and graph.known.policy is not None:
            self._decide_next(graph, running, rounds)
        if rounds.next.value is None or not rounds.next.settled:
            return
        if rounds.next.value.number == running.run.round + 1:
            if running.run.round and not round_over(running.prepared.graph, flow, running.run):
                return  # the status was edited, or tells what another operator knows and this one does not see yet
            running.run = running.lifecycle.begin_round(flow, rounds.next.value)
            running.lines.stale.update(running.prepared.graph.unit_task[flow.repeated.units].tolist())
            running.revision += 1
            if running.choices is not None:
                running.choices.begin_round(running.run.round)
                running.follow_choices()
        rounds.begun()

    def decide(self, graph: GraphRun, running: Running, now: float) -> bool:
        """A round is over. Answers whether the graph goes on at once: this was the last, or the next is recorded already."""
        rounds, repeating = running.rounds, running.prepared.relations.repeating
        if rounds is None or repeating is None:
            return False
        rounds.tell(running.run.round, _line(running, repeating))
        if rounds.next.value is not None:
            return rounds.next.settled
        found = _after(running, rounds, repeating)
        if found.over:
            rounds.over, rounds.end = found.over[:_LONGEST], found.end
            running.run = running.lifecycle.end_rounds(found.over if found.failed else "")
            told = (graph.ref.namespace, graph.ref.name, graph.ref.uid)
            self._events.write(told, "Warning" if found.failed else "Normal", "RoundsOver", found.over, now)
        else:
            self._decide_next(graph, running, rounds)
        running.revision += 1
        return bool(found.over)

    def _recall(self, graph: GraphRun, running: Running, flow: Flow, now: float) -> None:
        """The status does not say which round it is: it is the first, or the status was emptied and pods say."""
        seen = [(own, unit) for own, unit in _repeated_pods(running, flow, self._pods.own(graph.ref.uid)) if round_of(own.pod)]
        number = max((round_of(own.pod) for own, _ in seen), default=0)
        repeating = running.prepared.relations.repeating
        if number <= running.run.round or repeating is None:
            return
        succeeded = {
            unit: own.identity.incarnation
            for own, unit in sorted(seen, key=lambda each: each[0].identity.incarnation)
            if round_of(own.pod) == number - 1 and own.pod.status.phase == "Succeeded"
        }
        left_out: set[int] = set()
        if repeating.sampling is not None:
            taking_part = {unit for own, unit in seen if round_of(own.pod) == number}
            several = np.isin(running.prepared.graph.unit_task, several_of(running.prepared.graph, flow)).nonzero()[0].tolist()
            left_out = set(several) - taking_part if taking_part.intersection(several) else set()
        running.run = running.lifecycle.recall_round(flow, number, succeeded, left_out)
        running.lines.stale.update(np.unique(running.prepared.graph.unit_task[_units(running)]).tolist())
        running.revision += 1
        why = f"the status says no round: round {number} goes on, as the pods say, and what was told of earlier ones is lost"
        self._events.write((graph.ref.namespace, graph.ref.name, graph.ref.uid), "Warning", "RoundsRecalled", why, now)

    def _decide_next(self, graph: GraphRun, running: Running, rounds: RoundsRecord) -> None:
        next_one = Round(running.run.round + 1)
        repeating = running.prepared.relations.repeating
        if repeating is not None and repeating.sampling is not None:
            next_one = self._drawn(graph, running, repeating.sampling, next_one.number)
        rounds.next.decide(next_one)
        running.revision += 1

    def _drawn(self, graph: GraphRun, running: Running, lots: RoundLots, number: int) -> Round:
        """O(shards x nodes)."""
        prepared, flow = running.prepared, running.prepared.relations.flow
        assert flow is not None
        selector = () if graph.known.policy is None else graph.known.policy.strategy.node_selector
        asked = (prepared.request_class(unit) for unit in clients_of(prepared.graph, flow))
        free = free_for(self._cluster, asked, selector)
        return drawn(prepared.graph, flow, lots, free, (graph.ref.uid, number))


def _line(running: Running, repeating: Repeating) -> str:
    """Round, units that succeeded of those that took part, seconds, and the metric."""
    run, units = running.run, _units(running)
    state, started, finished = run.state[units], run.started[units], run.finished[units]
    part = int(np.count_nonzero((state != UnitState.SKIPPED) | ~np.isnan(started)))
    succeeded = int(np.count_nonzero(state == UnitState.SUCCEEDED))
    words = [str(run.round), f"{succeeded}/{part}"]
    if repeating.rule.until is not None and isinstance(repeating.rule.until.evaluate(_lookup(running)), Undecidable):
        words.append(_UNDECIDED)
    if not np.isnan(started).all() and not np.isnan(finished).all():
        words.append(f"{np.nanmax(finished) - np.nanmin(started):.1f}s")
    figure = None if repeating.metric is None else repeating.metric.evaluate(_lookup(running))
    if isinstance(figure, float | int):
        words.append(f"{repeating.metric}={figure:.6g}")
    return " ".join(words)


def _after(running: Running, rounds: RoundsRecord, repeating: Repeating) -> AfterRound:
    """What follows the round that is over."""
    number = running.run.round
    if idle := none_ran(running.run, _units(running)):
        return AfterRound(RoundState(ended=number), idle)
    state = RoundState(ended=number - 1)
    for line in rounds.history:
        if round_record.number_of(line) < number:
            undecided = state.undecided + 1 if _UNDECIDED in line.split(" ") else 0
            state = replace(state, undecided=undecided)
            if repeating.rule.patience is not None:
                state = progressed(repeating.rule.patience, state, _figure(line, repeating))
    found = after_round(RoundTerms(repeating.rule, repeating.joint), state, rounds.joint, _lookup(running))
    rounds.joint = found.weights or rounds.joint
    if found.again:
        _choose_again(running, found)
    return found


def _choose_again(running: Running, found: AfterRound) -> None:
    """The task that adds most to the joint loss gets another candidate in the next round; if none is left, it keeps its own."""
    task, choices = running.prepared.graph.index[found.again], running.choices
    if choices is not None and task in choices.choosers and choices.alternatives()[task].left:
        running.give_up(task, found.why)


def _figure(line: str, repeating: Repeating) -> float | None:
    """The metric of a round, as its line says; ``None``: it had none."""
    start = f"{repeating.metric}="
    for word in line.split(" "):
        if word.startswith(start):
            try:
                return float(word.removeprefix(start))
            except ValueError:
                return None  # it was edited
    return None


def _repeated_pods(running: Running, flow: Flow, pods: Iterable[OwnPod]) -> Iterator[tuple[OwnPod, int]]:
    for own in pods:
        unit = unit_of(running.prepared.graph, own.identity)
        if unit is not None and flow.repeated is not None and flow.repeated.units[unit]:
            yield own, unit


def _lookup(running: Running) -> Lookup:
    return lambda task, key: values_of(running.prepared.graph, running.run, task, key)


def _units(running: Running) -> IntArray:
    flow = running.prepared.relations.flow
    assert flow is not None
    assert flow.repeated is not None
    return flow.repeated.units.nonzero()[0]
