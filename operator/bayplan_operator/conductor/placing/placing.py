"""The shell around the decider: it is told what changed, and what it decides is acted on."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import cast

from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.core.budget import seconds
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.reasons import Reason
from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.placing.creating import Creator
from bayplan_operator.conductor.placing.insight import Insight
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.settings import Settings

_WORDS = 5.0
"""Seconds after which the words about what waits are brought up to date, though nothing has become free since."""


class Placing(Step):
    """Finds places for shards, and has their pods made."""

    def __init__(
        self, cluster: Cluster, creator: Creator, insight: Insight, queues: Queues, settings: Settings, clock: Clock
    ) -> None:
        self.rejections = Rejections(settings.rejection_memory)
        self._cluster, self._creator, self._insight, self._queues = cluster, creator, insight, queues
        self._tree: QueueTree | None = None
        """The queues that the decider knows."""
        self._seconds, self._monotonic = settings.placing_budget, clock.monotonic
        self._decider = Decider(cluster, settings.seed)
        self._wishes = Wishes()
        self._held: frozenset[str] = frozenset()
        """UIDs of graphs that the decider was not told of since they may not start yet."""
        self._changed: set[str] = set()
        """UIDs of graphs that the decider has to be told of though nothing else says so."""
        self._situation = 0, 0
        """Of the world, when all graphs were last looked at."""
        self._planned = 0
        """The revision of the plans by which was placed last."""
        self._asked_at, self._asked_of = 0.0, -1
        """When requests were last asked about, and of which version of the cluster."""

    def recall(self, attempts: int) -> None:
        """A graph was taken in that has so many attempts on record: turns go on from there."""
        if attempts:
            self._decider.update(Changes(placed=self._decider.placed + attempts))

    def forget(self, uid: str) -> None:
        """The graph is over or gone: its shards want no place any more."""
        self._changed.add(uid)

    def step(self, tick: Tick) -> None:
        """Place what has a place, and have its pods made; note what was said of the others."""
        graphs, now, plans = tick.graphs, tick.now, self._insight.plans
        if self._insight.situation != self._situation:
            self._situation = self._insight.situation
            graphs.attention.call_all(graphs.open)
        replanned, self._planned = plans.revision != self._planned, plans.revision
        self.rejections.expire(now)
        if self._queues.tree is not self._tree:
            self._tree = self._queues.tree
            self._decider.update(Changes(queues=self._tree))
        self._tell(graphs, plans.awaited)
        if not len(self._decider):
            return
        stale = self._asked_of != self._cluster.version and now >= self._asked_at + _WORDS
        known = self._insight.snapshot(now)
        self._decider.update(Changes(knowledge=known, refused=self.rejections.active(now), reopened=stale or replanned))
        while self._decide(graphs, now):
            pass  # each time something was placed, so that this comes to an end

    def _decide(self, graphs: Register, now: float) -> bool:
        """Act on one decision. Answers whether it goes on from what was placed by it."""
        began = self._monotonic()
        outcome = self._decider.decide(now, seconds(self._seconds, self._monotonic))
        if outcome.placements or outcome.waiting:
            metrics.PLACING_SECONDS.observe(self._monotonic() - began)
            self._place(graphs, outcome.placements, now)
            self._wait(graphs, outcome.waiting, now)
            self._asked_at, self._asked_of = now, self._cluster.version
        return outcome.unfinished and bool(outcome.placements)

    def next_time(self, now: float) -> float | None:
        """When ``step`` has something to do though nothing happens."""
        words = self._asked_at + _WORDS if len(self._decider) and self._asked_of != self._cluster.version else None
        return min((at for at in (self.rejections.next_expiry(now), words) if at is not None), default=None)

    def _tell(self, graphs: Register, held: frozenset[str]) -> None:
        """Tell the decider what is wanted otherwise than before. ``held``: UIDs of those that may not start yet."""
        changed = self._changed.union(graphs.attention.called, held ^ self._held)
        self._changed, self._held = set(), held
        if changed:
            wanting = graphs.opened(sorted(changed - held))
            self._decider.update(self._wishes.changes(wanting, changed.difference(each.ref.uid for each in wanting)))

    def _place(self, graphs: Register, placements: Iterable[Decision], now: float) -> None:
        for decision in placements:
            graph, unit = _asked(graphs, decision)
            self._wishes.placed(graph.ref.uid, decision.request_id)
            graphs.guarded(graph, now, partial(self._create, unit, decision))

    def _create(self, unit: int, decision: Decision, graph: GraphRun, now: float) -> None:
        self._creator.create(graph, unit, decision, now)
        graph.decided.started_at = graph.decided.started_at or now
        if graph.running is not None:
            graph.running.asking.placed(unit)
        graph.call()

    def _wait(self, graphs: Register, waiting: Sequence[Decision], now: float) -> None:
        reserved = []
        for decision in waiting:
            graph, unit = _asked(graphs, decision)
            if graph.running is None or graph.running.asking.refused(unit, decision):
                graph.call()
            if decision.reason is Reason.RESERVED:
                reserved.append((graph.ref.uid, unit))
        self._insight.plans.reserved(reserved, now)


def _asked(graphs: Register, decision: Decision) -> tuple[GraphRun, int]:
    uid, unit = cast(tuple[str, int], decision.request_id)  # as `request_of` made it
    return graphs.open[uid], unit
