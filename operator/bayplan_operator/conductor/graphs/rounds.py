"""Between two rounds of a graph: whether there is another, and what it begins with."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.collaboration.rounds import Effect, EffectAction, JointRule, RoundAction, RoundState, effect, verdict
from bayplan.lifecycle import Round, UnitState, values_of
from bayplan.lifecycle.conditions.truth import Lookup
from bayplan.model.arrays import IntArray
from bayplan_operator.conductor.graphs.sampling import drawn
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.rounds import RoundsRecord
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.flow.repeating import Repeating
from bayplan_operator.writer import EventWriter

_LONGEST = 256


class BetweenRounds:
    """Decides on the next round once one is over, and begins it once that is recorded."""

    def __init__(self, cluster: Cluster, events: EventWriter) -> None:
        self._cluster, self._events = cluster, events

    def begin(self, graph: GraphRun, running: Running) -> None:
        """The next round, if it was decided and its decision is recorded; the first is decided here where lots are drawn."""
        rounds, flow = running.rounds, running.prepared.relations.flow
        if rounds is None or flow is None or flow.repeated is None or rounds.over:
            return
        if rounds.next.value is None and not running.run.round and graph.known.policy is not None:
            self._decide_next(graph, running, rounds)
        if rounds.next.value is None or not rounds.next.settled:
            return
        if rounds.next.value.number == running.run.round + 1:
            running.run = running.lifecycle.begin_round(flow, rounds.next.value)
            running.lines.stale.update(running.prepared.graph.unit_task[flow.repeated.units].tolist())
            running.revision += 1
            if running.choices is not None:
                running.choices.begin_round(running.run.round)
                running.follow_choices()
        rounds.begun()

    def decide(self, graph: GraphRun, running: Running, now: float) -> bool:
        """A round is over. Answers whether it was the last, so that what follows may start."""
        rounds, repeating = running.rounds, running.prepared.relations.repeating
        if rounds is None or repeating is None or rounds.next.value is not None:
            return False
        if len(rounds.history) < running.run.round:
            rounds.tell(_line(running, repeating))
        over, failed = _over(running, rounds, repeating)
        if over:
            rounds.over = over[:_LONGEST]
            running.run = running.lifecycle.end_rounds(over if failed else "")
            told = (graph.ref.namespace, graph.ref.name, graph.ref.uid)
            self._events.write(told, "Warning" if failed else "Normal", "RoundsOver", over, now)
        else:
            self._decide_next(graph, running, rounds)
        running.revision += 1
        return bool(over)

    def _decide_next(self, graph: GraphRun, running: Running, rounds: RoundsRecord) -> None:
        next_one = Round(running.run.round + 1)
        repeating = running.prepared.relations.repeating
        if repeating is not None and repeating.sampling is not None:
            next_one = drawn(graph, running, self._cluster, repeating.sampling, next_one.number)
        rounds.next.decide(next_one)
        running.revision += 1


def _line(running: Running, repeating: Repeating) -> str:
    """Round, units that succeeded of those that took part, seconds, and the metric."""
    run, units = running.run, _units(running)
    state, started, finished = run.state[units], run.started[units], run.finished[units]
    part = int(np.count_nonzero((state != UnitState.SKIPPED) | ~np.isnan(started)))
    succeeded = int(np.count_nonzero(state == UnitState.SUCCEEDED))
    words = [str(run.round), f"{succeeded}/{part}"]
    if not np.isnan(started).all() and not np.isnan(finished).all():
        words.append(f"{np.nanmax(finished) - np.nanmin(started):.1f}s")
    figure = None if repeating.metric is None else repeating.metric.evaluate(_lookup(running))
    if isinstance(figure, float | int):
        words.append(f"{repeating.metric}={figure:.6g}")
    return " ".join(words)


def _over(running: Running, rounds: RoundsRecord, repeating: Repeating) -> tuple[str, bool]:
    """Why there is no further round, and whether that is the failure of the graph; empty: there is one."""
    lookup = _lookup(running)
    if repeating.joint is not None:
        found = effect(repeating.joint, lookup, len(rounds.history) - 1, list(rounds.joint) or None)
        if found.action is EffectAction.ACCEPT:
            return found.why, False
        if found.action in (EffectAction.STOP, EffectAction.WAIT):
            return found.why, True
        if found.weights:
            rounds.joint = found.weights
        if found.action is EffectAction.CHOOSE_AGAIN:
            _choose_again(running, repeating.joint, found)
    state = RoundState(ended=running.run.round - 1)
    patience = repeating.rule.patience
    for value in _figures(rounds.history[: running.run.round - 1], repeating) if patience is not None else ():
        gain = None if state.best is None else (value - state.best) * (1 if patience is None or patience.maximise else -1)
        better = gain is None or gain > (0.0 if patience is None else patience.min_delta)
        state = replace(state, best=value, stale=0) if better else replace(state, stale=state.stale + 1)
    _, decided = verdict(repeating.rule, state, lookup)
    if decided.action is RoundAction.CONTINUE:
        return "", False
    return decided.why, decided.action is RoundAction.FAILED


def _choose_again(running: Running, rule: JointRule, found: Effect) -> None:
    """The task that adds most to the joint loss gets another candidate in the next round; if none is left, it keeps its own."""
    term = next(each for each in rule.terms if each.name == found.subtask)
    task = running.prepared.graph.index[term.loss.reference.task]
    choices = running.choices
    if choices is not None and task in choices.choosers and choices.alternatives()[task].left:
        running.give_up(task, found.why)


def _figures(history: Sequence[str], repeating: Repeating) -> list[float]:
    """The metric of each round, as its lines say."""
    start = f"{repeating.metric}="
    found = []
    for line in history:
        for word in line.split(" "):
            if word.startswith(start):
                try:
                    found.append(float(word.removeprefix(start)))
                except ValueError:
                    continue  # it was edited
    return found


def _lookup(running: Running) -> Lookup:
    return lambda task, key: values_of(running.prepared.graph, running.run, task, key)


def _units(running: Running) -> IntArray:
    flow = running.prepared.relations.flow
    assert flow is not None
    assert flow.repeated is not None
    return flow.repeated.units.nonzero()[0]
