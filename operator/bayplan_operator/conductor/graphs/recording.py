"""Getting what is known of a graph into its status: when, what, and what follows from its being durable."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayplan_operator.conductor.graph_run import GraphRun
from bayplan_operator.conductor.graphs import reporting
from bayplan_operator.settings import Settings
from bayplan_operator.translate import run_record
from bayplan_operator.translate.splitting import write_numbers
from bayplan_operator.writer import EventWriter, GraphWriter


class Recorder:
    """Writes each graph's status when it has changed, the less often the larger it is."""

    def __init__(
        self, graphs: GraphWriter, events: EventWriter, settings: Settings, on_durable: Callable[[GraphRun], None]
    ) -> None:
        self._graphs = graphs
        self._events = events
        self._settings = settings
        self._on_durable = on_durable

    def step(self, graph: GraphRun, now: float) -> None:
        """Write the graph's status if it is time; delete the graph if its time is over."""
        if graph.ended:
            at = _deleted_at(graph)
            if at is not None and at <= now:
                self._graphs.delete(graph.key, graph.ref.uid)
        elif self._due(graph, now):
            self._write(graph, now)

    def next_time(self, graph: GraphRun) -> float | None:
        """When ``step`` next has something to do, as far as is known now."""
        if graph.deleting:
            return None
        if graph.ended:
            return None if self._graphs.deleting(graph.key) else _deleted_at(graph)
        return graph.next_write_at if graph.touched and not self._graphs.busy(graph.key) else None

    def _due(self, graph: GraphRun, now: float) -> bool:
        if not graph.touched or graph.deleting or self._graphs.busy(graph.key):
            return False
        return graph.urgent or now >= graph.next_write_at

    def _write(self, graph: GraphRun, now: float) -> None:
        bring_lines_up_to_date(graph)
        reporting.update_conditions(graph, self._events, now)
        status = _status(graph)
        running = graph.running
        settled = running.run.settled.copy() if running is not None else None
        over = running is not None and running.all_over
        graph.urgent = False
        graph.next_write_at = now + self._interval(graph)
        if all(graph.written.get(field) == value for field, value in status.items()):
            graph.touched = False
            self._note_shards(graph, status)
            self._durable(graph, settled, over)
            return

        def on_written(version: int) -> None:
            graph.written, graph.written_version = {**graph.written, **status}, version
            graph.seen_version = max(graph.seen_version, version)
            self._note_shards(graph, status)
            self._durable(graph, settled, over)

        # It stays touched: the next step finds it equal to what was written, or writes what has changed since.
        self._graphs.write_status(graph.key, graph.ref.uid, status, on_written, graph.seen_version)

    def _note_shards(self, graph: GraphRun, status: Mapping[str, Any]) -> None:
        """The numbers of shards that were decided are in the API server: from now on pods may be made for them."""
        if not graph.shards_recorded and graph.shards and status.get("shards") == write_numbers(graph.shards):
            graph.shards_recorded = True
            self._on_durable(graph)

    def _durable(self, graph: GraphRun, settled: NDArray[np.int32] | None, over: bool) -> None:
        running = graph.running
        if running is not None and settled is not None and (running.recorded != settled).any():
            running.recorded = settled
            self._on_durable(graph)
        if over:
            graph.running = None
            graph.ended = graph.stale_pods = True
            graph.touched = False
            self._on_durable(graph)

    def _interval(self, graph: GraphRun) -> float:
        # The API server validates the whole object at each write: of 5,000 tasks for more than a second.
        size = graph.running.prepared.size + sum(map(len, graph.running.lines)) if graph.running is not None else 0
        return max(self._settings.status_interval, size / self._settings.status_bytes_per_second)


def _deleted_at(graph: GraphRun) -> float | None:
    """When a graph that has ended is deleted; ``None``: not by itself."""
    return None if graph.ttl is None or graph.completed_at is None else graph.completed_at + graph.ttl


def _status(graph: GraphRun) -> dict[str, Any]:
    """Where other fields are written anyway, the newest figures of the graph's end go with them."""
    body, outlook, running = reporting.status(graph), graph.outlook, graph.running
    open_still = running is not None and not running.all_over and not running.run.failure
    if open_still and outlook is not None and any(graph.written.get(field) != value for field, value in body.items()):
        outlook.renew(outlook.first_at, anyway=True)
    return body | reporting.ends(graph)


def bring_lines_up_to_date(graph: GraphRun) -> None:
    """Write the record's lines of the tasks that have changed. O(their shards)."""
    running = graph.running
    if running is not None:
        for task in sorted(running.stale_lines):
            running.lines[task] = run_record.write_task(running.prepared.graph, running.run, task, graph.accepted_at or 0.0)
        running.stale_lines.clear()
