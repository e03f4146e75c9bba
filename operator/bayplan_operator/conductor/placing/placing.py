"""The shell around the decider: it is told what changed, and what it decides is acted on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from bayplan.cluster.cluster import Cluster
from bayplan.core.budget import seconds
from bayplan.core.changes import Changes, KnowledgeSnapshot
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan_operator import metrics
from bayplan_operator.conductor.graph_run import GraphRun
from bayplan_operator.conductor.placing.creating import create
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.settings import Settings
from bayplan_operator.view import PodStore
from bayplan_operator.writer.pods import PodWriter

_WORDS = 5.0
"""Seconds after which the words about what waits are brought up to date, though nothing has become free since."""


Guarded = Callable[[GraphRun, float, Callable[[GraphRun, float], None]], None]
"""Takes a step of a graph at an instant; an error in it is told there, and leaves the other graphs alone."""


@dataclass(frozen=True, slots=True)
class OpenGraphs:
    """The graphs that may want places."""

    by_uid: Mapping[str, GraphRun]
    changed: Iterable[str]
    """UIDs of those of which anything may have changed, those that are gone included."""
    held: frozenset[str] = frozenset()
    """UIDs of those that may not start yet."""


class Placing:
    """Finds places for shards, and has their pods made."""

    def __init__(
        self,
        cluster: Cluster,
        pods: PodStore,
        writer: PodWriter,
        settings: Settings,
        guarded: Guarded,
        monotonic: Callable[[], float],
    ) -> None:
        """``monotonic`` answers seconds of a clock that is never set."""
        self.rejections = Rejections(settings.rejection_memory)
        self._cluster, self._pods, self._writer, self._guarded = cluster, pods, writer, guarded
        self._seconds, self._monotonic = settings.placing_budget, monotonic
        self._decider = Decider(cluster, settings.seed)
        self._wishes = Wishes()
        self._held: frozenset[str] = frozenset()
        """UIDs of graphs that the decider was not told of since they may not start yet."""
        self._changed: set[str] = set()
        """UIDs of graphs that the decider has to be told of though nothing else says so."""
        self._asked_at, self._asked_of = 0.0, -1
        """When requests were last asked about, and of which version of the cluster."""

    def recall(self, attempts: int) -> None:
        """A graph was taken in that has so many attempts on record: turns go on from there."""
        if attempts:
            self._decider.update(Changes(placed=self._decider.placed + attempts))

    def forget(self, uid: str) -> None:
        """The graph is gone: its shards want no place any more."""
        self._changed.add(uid)

    def step(
        self, graphs: OpenGraphs, known: KnowledgeSnapshot, now: float, replanned: bool
    ) -> list[tuple[GraphRun, int, Decision]]:
        """Place what has a place, and have its pods made; answers what was said of each unit that was asked about.

        ``replanned``: a plan was made, or keeps a place no longer.
        """
        self.rejections.expire(now)
        changed = self._changed.union(graphs.changed, graphs.held ^ self._held)
        self._changed, self._held = set(), graphs.held
        if changed:
            wanting = [graphs.by_uid[uid] for uid in sorted(changed) if uid in graphs.by_uid and uid not in graphs.held]
            self._decider.update(self._wishes.changes(wanting, changed.difference(each.ref.uid for each in wanting)))
        if not len(self._decider):
            return []
        stale = self._asked_of != self._cluster.version and now >= self._asked_at + _WORDS
        self._decider.update(Changes(knowledge=known, refused=self.rejections.active(now), reopened=stale or replanned))
        return self._decided(graphs.by_uid, now)

    def next_time(self, now: float) -> float | None:
        """When ``step`` has something to do though nothing happens."""
        words = self._asked_at + _WORDS if len(self._decider) and self._asked_of != self._cluster.version else None
        return min((at for at in (self.rejections.next_expiry(now), words) if at is not None), default=None)

    def _decided(self, graphs: Mapping[str, GraphRun], now: float) -> list[tuple[GraphRun, int, Decision]]:
        began = self._monotonic()
        outcome = self._decider.decide(now, seconds(self._seconds, self._monotonic))
        if not (outcome.placements or outcome.waiting):
            return []
        metrics.PLACING_SECONDS.observe(self._monotonic() - began)
        said = []
        for decision in (*outcome.placements, *outcome.waiting):
            uid, unit = cast(tuple[str, int], decision.request_id)  # as `request_of` made it
            said.append((graphs[uid], unit, decision))
            if decision.node is not None:
                self._wishes.placed(uid, decision.request_id)
                self._guarded(graphs[uid], now, partial(self._create, unit, decision))
        self._asked_at, self._asked_of = now, self._cluster.version
        return said

    def _create(self, unit: int, decision: Decision, graph: GraphRun, now: float) -> None:
        create(graph, unit, decision, self._pods, self._writer, now)
