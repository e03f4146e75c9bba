"""Between two rounds of a graph: whether there is another, and what it begins with."""

from collections.abc import Sequence

import numpy as np

from bayplan.lifecycle import Round, Undecidable, UnitState, values_of
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.rounds import Rounds
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.flow.repeating import Repeating
from bayplan_operator.writer import EventWriter


class BetweenRounds:
    """Decides on the next round once one is over, and begins it once that is recorded."""

    def __init__(self, events: EventWriter) -> None:
        self._events = events

    def begin(self, running: Running) -> None:
        """The next round, if it was decided and its decision is recorded."""
        rounds, flow = running.rounds, running.prepared.relations.flow
        if rounds is None or flow is None or rounds.next.value is None or not rounds.next.settled:
            return
        if rounds.next.value.number == running.run.round + 1 and not rounds.over:
            running.run = running.lifecycle.begin_round(flow, rounds.next.value)
            running.lines.stale.update(running.prepared.graph.unit_task[flow.repeated.units].tolist() if flow.repeated else ())
            running.revision += 1
        rounds.begun()

    def decide(self, graph: GraphRun, running: Running, now: float) -> bool:
        """A round is over. Answers whether it was the last, so that what follows may start."""
        rounds, repeating = running.rounds, running.prepared.relations.repeating
        if rounds is None or repeating is None or rounds.next.value is not None:
            return False
        number = running.run.round
        if len(rounds.history) < number:
            rounds.tell(_line(running, repeating))
        rounds.over = _over(running, rounds, repeating)
        if rounds.over:
            running.run = running.lifecycle.end_rounds()
            self._tell(graph, "RoundsOver", f"after {number} rounds: {rounds.over}", now)
        else:
            rounds.next.decide(Round(number + 1))
        running.revision += 1
        return bool(rounds.over)

    def _tell(self, graph: GraphRun, reason: str, message: str, now: float) -> None:
        self._events.write((graph.ref.namespace, graph.ref.name, graph.ref.uid), "Normal", reason, message, now)


def _line(running: Running, repeating: Repeating) -> str:
    """Round, units that succeeded of those that took part, seconds, and the metric."""
    run, units = running.run, _units(running)
    state, started, finished = run.state[units], run.started[units], run.finished[units]
    part = int(np.count_nonzero((state != UnitState.SKIPPED) | (run.incarnation[units] > 0)))
    succeeded = int(np.count_nonzero(state == UnitState.SUCCEEDED))
    words = [str(run.round), f"{succeeded}/{part}"]
    if not np.isnan(started).all() and not np.isnan(finished).all():
        words.append(f"{np.nanmax(finished) - np.nanmin(started):.1f}s")
    figure = _figure(running, repeating)
    if figure is not None and repeating.metric is not None:
        words.append(f"{'.'.join(repeating.metric)}={figure:.6g}")
    return " ".join(words)


def _over(running: Running, rounds: Rounds, repeating: Repeating) -> str:
    """Why there is no further round; empty: there is one."""
    if repeating.until is not None:
        holds = repeating.until.evaluate(lambda task, key: values_of(running.prepared.graph, running.run, task, key))
        if not isinstance(holds, Undecidable) and holds:
            return f"until holds: {repeating.until}"[:256]
    if repeating.patience is not None and _no_progress(_figures(rounds.history, repeating), repeating):
        return f"{'.'.join(repeating.metric or ())} has not got better for {repeating.patience} rounds"
    return f"max is {repeating.max}" if running.run.round >= repeating.max else ""


def _no_progress(figures: Sequence[float], repeating: Repeating) -> bool:
    better = max if repeating.maximize else min
    patience = repeating.patience or 0
    if len(figures) <= patience:
        return False
    best_before = better(figures[:-patience])
    return better([best_before, *figures[-patience:]]) == best_before


def _figures(history: Sequence[str], repeating: Repeating) -> list[float]:
    """The metric of each round, as its lines say."""
    start = f"{'.'.join(repeating.metric or ())}="
    found = []
    for line in history:
        for word in line.split(" "):
            if word.startswith(start):
                try:
                    found.append(float(word.removeprefix(start)))
                except ValueError:
                    continue  # it was edited
    return found


def _figure(running: Running, repeating: Repeating) -> float | None:
    if repeating.metric is None:
        return None
    for value in values_of(running.prepared.graph, running.run, *repeating.metric):
        if isinstance(value, int | float):
            return float(value)
    return None


def _units(running: Running) -> np.ndarray:
    flow = running.prepared.relations.flow
    assert flow is not None
    assert flow.repeated is not None
    return flow.repeated.units.nonzero()[0]
