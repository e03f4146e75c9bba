"""Telling graphs that wait where they stand in the line and when they are expected to start."""

import logging
from functools import partial

from bayplan.admission.starts.expected import Foretold, foretold
from bayplan.admission.starts.snapshot import LineSnapshot
from bayplan.cluster.cluster import Cluster
from bayplan.core.background import Background, Done
from bayplan.core.budget import PlacingBudget, seconds
from bayplan_operator import metrics
from bayplan_operator.backoff import Backoff
from bayplan_operator.clock import Clock, Rest
from bayplan_operator.conductor.placing.line_places import line_places
from bayplan_operator.conductor.placing.placing import Placing
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.line_place import LinePlace
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Step, Tick

log = logging.getLogger(__name__)

_PAUSE, _PAUSES = 2.0, 19.0
"""Seconds from one look at the line to the next, at least; and in times that it took: a twentieth of one core."""
_AGAIN = 30.0
"""Seconds after which the line is looked at again although nothing has happened: what overruns shows."""
_DRAWING = 0.25
"""Seconds after which no more futures are drawn than have to be."""
_TOLD = 10
"""Statuses a second that are written for this alone, all together."""
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0


class Foretelling(Step):
    """Looks at the line beside the ticks. What is new goes with other writes of a status; else the head of the line first."""

    def __init__(self, placing: Placing, cluster: Cluster, seed: int, clock: Clock, beside: Background) -> None:
        self._placing, self._cluster, self._seed, self._clock, self._beside = placing, cluster, seed, clock, beside
        self._rest = Rest(clock, _PAUSE, _PAUSES)
        self._backoff = Backoff("line", _FIRST_WAIT, _LONGEST_WAIT)
        self._found: list[Foretold] | None = None
        """What was found and not told yet."""
        self._looked_at: object = None
        self._looked = float("-inf")
        self._standing: set[str] = set()
        """UIDs of graphs that have a place in the line."""
        self._due: list[str] = []
        """UIDs of those of which something notable is to be told, the head of the line last."""
        self._next_write = 0.0

    def step(self, tick: Tick) -> None:
        """O(graphs in line) once for each look at it; else O(statuses that are told)."""
        if self._found is not None:
            self._tell(self._found, tick.graphs, tick.now)
            self._found = None
        self._write(tick.graphs, tick.now)
        situation = self._cluster.version, self._placing.waiting
        if self._beside.busy or not self._rest.over or not self._placing.waiting:
            return
        if situation != self._looked_at or tick.now >= self._looked + _AGAIN:
            self._looked_at, self._looked = situation, tick.now
            budget = seconds(_DRAWING, self._clock.monotonic)
            self._beside.begin(partial(_foretold, self._placing.snapshot(tick.now), self._seed, budget), self._took)

    def next_time(self, now: float) -> float | None:
        """When the line is looked at again, or the next status may be written."""
        times = []
        if self._due:
            times.append(max(self._next_write, now))
        if self._placing.waiting and not self._beside.busy:
            situation = self._cluster.version, self._placing.waiting
            times.append(now + self._rest.wait if situation != self._looked_at else max(self._looked + _AGAIN, now))
        return min(times, default=None)

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._standing.discard(uid)

    def _took(self, done: Done[list[Foretold]]) -> None:
        try:
            self._found = done.answer()
        except Exception:
            metrics.ESTIMATE_FAILURES.inc()
            log.exception("where graphs stand in the line could not be said")
            self._rest.hold(self._backoff.failed())
        else:
            self._backoff.worked()
            self._rest.after(done.seconds)

    def _tell(self, found: list[Foretold], graphs: Register, now: float) -> None:
        places = dict(line_places(found, graphs.open))
        due = []
        for uid in self._standing - places.keys():
            if uid in graphs.open:
                _note(graphs.open[uid], None)
        for uid, place in places.items():
            if place.notable(_note(graphs.open[uid], place), now):
                due.append(uid)
        self._standing = set(places)
        self._due = due[::-1]

    def _write(self, graphs: Register, now: float) -> None:
        while self._due and now >= self._next_write:
            graph = graphs.open.get(self._due.pop())
            if graph is not None and graph.running is not None and graph.running.asking.tell_place():
                self._next_write = max(self._next_write, now - 1.0) + 1.0 / _TOLD
                graph.call()


def _foretold(snapshot: LineSnapshot, seed: int, budget: PlacingBudget) -> list[Foretold]:
    return foretold(snapshot, seed, budget())


def _note(graph: GraphRun, place: LinePlace | None) -> LinePlace | None:
    """It stands there from now on; answers where it was told that it stands."""
    if graph.running is None:
        return None
    graph.running.asking.place = place
    return graph.running.asking.told_place
