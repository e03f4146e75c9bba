"""Getting what is known of a graph into its status: when, what, and what follows from its being durable."""

from typing import Any

from bayplan_operator.conductor.graphs import reporting
from bayplan_operator.conductor.graphs.durable import Durable
from bayplan_operator.conductor.graphs.essence import Essence, essence
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.settings import Settings
from bayplan_operator.writer import EventWriter, GraphWriter

_LATEST = 30.0
_WORDS_LATEST = 300.0
"""Seconds by which other words, or the first ones, may wait for those of other graphs: with 10,000 graphs in line, each of
which waits for the same quota, all of their words change whenever anything ends."""


class Slots:
    """Instants for what can wait, so that of all together no more than so many come in a second."""

    def __init__(self, per_second: float) -> None:
        self._between, self._taken_until = 1.0 / per_second, float("-inf")

    def reserve(self, now: float) -> float:
        """Seconds that others are before it: at most five minutes."""
        behind = min(max(0.0, self._taken_until - now), _WORDS_LATEST)
        self._taken_until = now + min(behind + self._between, _WORDS_LATEST)
        return behind


class Recorder(Step):
    """Writes each graph's status when it has changed, the less often the larger it is."""

    def __init__(self, graphs: GraphWriter, events: EventWriter, settings: Settings, durable: Durable) -> None:
        self._graphs, self._events, self._settings, self._durable = graphs, events, settings, durable
        self._slots, self._firsts = Slots(settings.status_writes), Slots(settings.status_writes)

    def step(self, tick: Tick) -> None:
        """Write what is due of the touched graphs; delete those whose time is over."""
        for graph in tick.touched:
            tick.graphs.guarded(graph, tick.now, self._look)

    def next_time_of(self, graph: GraphRun, now: float) -> float | None:
        """When there is something to do for a graph, as far as is known now."""
        if graph.known.deleting or graph.known.checking.awaited:
            return None
        if graph.decided.ended:
            return None if self._graphs.deleting(graph.key) else _deleted_at(graph)
        made_of = essence(graph, now)
        changed = graph.written.essence != made_of
        return _due_at(graph, made_of) if changed and not self._graphs.busy(graph.key) else None

    def _look(self, graph: GraphRun, now: float) -> None:
        if graph.decided.ended:
            at = _deleted_at(graph)
            if at is not None and at <= now:
                self._graphs.delete(graph.key, graph.ref.uid)
        elif not (graph.known.deleting or graph.known.checking.awaited or self._graphs.busy(graph.key)):
            made_of = essence(graph, now)
            urgent = graph.written.urgent != made_of.urgent and not made_of.failing and not _begins_well(graph)
            if graph.written.essence != made_of and (urgent or self._has_its_turn(graph, made_of, now)):
                self._write(graph, made_of, now)

    def _has_its_turn(self, graph: GraphRun, made_of: Essence, now: float) -> bool:
        """What can wait is due. Of very many that begin at once, the first statuses come one after the other too."""
        written = graph.written
        if now >= written.next_at and not (written.status or written.in_turn):
            written.in_turn, written.next_at = True, now + self._firsts.reserve(now)
        return now >= _due_at(graph, made_of)

    def _write(self, graph: GraphRun, made_of: Essence, now: float) -> None:
        running, written = graph.running, graph.written
        if running is not None:
            running.lines.renew(running.run)
            running.asking.reworded = False
        reporting.update_conditions(graph, self._events, now)
        status = _status(graph)
        settled = running.run.settled.copy() if running is not None else None
        over = running is not None and running.all_over
        written.urgent = made_of.urgent
        if all(written.status.get(field) == value for field, value in status.items()):
            written.essence = made_of
            self._durable.stands(graph, written.status, settled, over=over)
            return
        if not over:
            earliest, behind = now + self._interval(graph), self._slots.reserve(now)
            written.next_at, written.words_at = earliest + min(behind, _LATEST), earliest + behind

        def on_written(version: int) -> None:
            written.version, written.seen_version = version, max(written.seen_version, version)
            self._durable.stands(graph, {**written.status, **status}, settled, over=over)

        # It stays changed: the next step finds it equal to what was written, or writes what has changed since.
        self._graphs.write_status(graph.key, graph.ref.uid, status, on_written, written.seen_version)

    def _interval(self, graph: GraphRun) -> float:
        # The API server validates the whole object at each write: of 5,000 tasks for more than a second.
        size = graph.running.prepared.size + graph.running.lines.size if graph.running is not None else 0
        return max(self._settings.status_interval, size / self._settings.status_bytes_per_second)


def _due_at(graph: GraphRun, made_of: Essence) -> float:
    """When a change that can wait is written."""
    written = graph.written
    same = isinstance(written.essence, Essence) and written.essence.but_for_words == made_of.but_for_words
    return written.words_at if same else written.next_at


def _begins_well(graph: GraphRun) -> bool:
    """Nothing of it is written yet, and nothing has to be before its first pods: these are in the first status already."""
    running = graph.running
    if running is None or running.all_over or not (running.choices is None or running.choices.all_recorded):
        return False
    if not running.holds.all_recorded:
        return False
    return graph.written.urgent is None and graph.startable


def _deleted_at(graph: GraphRun) -> float | None:
    """When a graph that has ended is deleted; ``None``: not by itself."""
    ttl, completed_at = graph.known.ttl, graph.decided.completed_at
    return None if ttl is None or completed_at is None else completed_at + ttl


def _status(graph: GraphRun) -> dict[str, Any]:
    """Where other fields are written anyway, the newest figures of the graph's end go with them."""
    body, outlook, running = reporting.status(graph), graph.outlook, graph.running
    open_still = running is not None and not running.all_over and not running.run.failure
    if open_still and outlook is not None and any(graph.written.status.get(field) != value for field, value in body.items()):
        outlook.renew(outlook.first_at, anyway=True)
    return body | reporting.ends(graph)
