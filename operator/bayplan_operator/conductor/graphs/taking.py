"""Graphs that are new, have changed, or are gone; and what became of our writes to them."""

import logging
from collections.abc import Hashable, Mapping
from typing import Any

from bayplan.core.budget import seconds
from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.graphs.leftovers import Leftovers
from bayplan_operator.conductor.graphs.serving import Serving
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.knowledge.knowledge import Knowledge
from bayplan_operator.conductor.placing.placing import Placing
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view.inbox import Inbox, Key

log = logging.getLogger(__name__)

_SLICE = 0.03
"""Seconds that graphs may take of one tick of which nothing is decided yet: when very many are created at once, what runs and
ends meanwhile does not wait for all of them."""


class Newcomers:
    """What has to meet a graph that this process sees for the first time."""

    def __init__(self, knowledge: Knowledge, adapting: Adapting, placing: Placing) -> None:
        self._knowledge, self._adapting, self._placing = knowledge, adapting, placing

    def meet(self, graph: GraphRun, raw: Mapping[str, Any], now: float) -> None:
        """Learn what its record says, and go on from there."""
        if graph.decided.ended:
            self._adapting.recall(graph, now)
        self._knowledge.meet(graph, raw, now)
        if graph.running is not None:
            self._placing.recall(graph, int(graph.running.run.incarnation.sum()), now)

    def gone(self, graph: GraphRun) -> None:
        """It is deleted."""
        self._adapting.gone(graph)


class TakeGraphs(Step):
    """Keeps the register of graphs."""

    def __init__(
        self,
        inbox: Inbox,
        newcomers: Newcomers,
        serving: Serving,
        leftovers: Leftovers,
        terms: intake.IntakeTerms,
        clock: Clock,
    ) -> None:
        self._inbox, self._newcomers, self._serving, self._leftovers = inbox, newcomers, serving, leftovers
        self._terms = terms
        self._slice = seconds(_SLICE, clock.monotonic)
        self._fresh: dict[Key, Mapping[str, Any]] = {}
        """Graphs of which nothing is decided, and that were not taken in yet, oldest first."""
        self._last_arrival = 0.0

    def step(self, tick: Tick) -> None:
        """O(graphs that there are news of); of those without a status, what a slice holds."""
        for key, raw in self._inbox.take():
            if raw is not None and not raw.get("status") and key not in tick.graphs.by_key:
                self._fresh[key] = raw
                continue
            self._fresh.pop(key, None)
            self._take(tick, key, raw)
        over = self._slice()
        while self._fresh:
            key = next(iter(self._fresh))
            self._take(tick, key, self._fresh.pop(key))
            if over():
                break

    def next_time(self, now: float) -> float | None:
        """At once, if graphs are left."""
        return now if self._fresh else None

    def _take(self, tick: Tick, key: Key, raw: Mapping[str, Any] | None) -> None:
        known = tick.graphs.by_key.get(key)
        if known is not None and (raw is None or raw["metadata"]["uid"] != known.ref.uid):
            tick.graphs.remove(known)
            self._leftovers.suspect([known.ref.uid])
            self._newcomers.gone(known)
            known = None
        if raw is None:
            return
        try:
            graph = self._seen(tick, known, raw)
        except Exception:
            # One graph that cannot be understood must not hold up the others; the log says what is wrong with it.
            metrics.TICK_ERRORS.inc()
            log.exception("TaskGraph %s/%s could not be taken in", *key)
            return
        tick.graphs.reopen(graph)
        tick.graphs.guarded(graph, tick.now, self._serving.serve)
        tick.graphs.due([graph.ref.uid])

    def _seen(self, tick: Tick, known: GraphRun | None, raw: Mapping[str, Any]) -> GraphRun:
        if known is not None:
            intake.refresh(known, raw, tick.now, self._terms)
            return known
        graph = intake.new_graph(raw, self._arrival(tick.now), self._terms)
        tick.graphs.add(graph)
        self._newcomers.meet(graph, raw, tick.now)
        return graph

    def _arrival(self, now: float) -> float:
        """A distinct instant for each graph, in the order in which they are taken in, so that age has no ties."""
        self._last_arrival = max(now, self._last_arrival + 1e-6)
        return self._last_arrival


class TakeWrites(Step):
    """A graph whose status was written, or could not be, is compared again; so is one that could not be deleted."""

    def __init__(self, written: set[Hashable]) -> None:
        """``written``: what writes that are over were about, keys of the queue."""
        self._written = written

    def step(self, tick: Tick) -> None:
        """O(writes that are over)."""
        for key in self._written:
            graph = _about(tick.graphs, key)
            if graph is not None:
                graph.call()
        self._written.clear()


def _about(graphs: Register, key: Hashable) -> GraphRun | None:
    if isinstance(key, tuple) and key[0] == "service":
        return graphs.by_uid.get(key[3])
    if not isinstance(key, tuple) or key[0] not in ("status", "delete"):
        return None
    name: Key = key[1:]
    return graphs.by_key.get(name)
