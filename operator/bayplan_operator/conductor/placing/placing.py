"""The shell around the decider: it is told what changed, and what it decides is acted on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.admission.shares import SharesState
from bayplan.admission.starts.snapshot import LineSnapshot
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.core.budget import seconds
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Outcome
from bayplan_operator import metrics
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.placing.insight import Insight
from bayplan_operator.conductor.placing.preempting import Preempting
from bayplan_operator.conductor.placing.promising import Promising
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.placing.source import Source
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.settings import Settings
from bayplan_operator.translate.share_record import read_shares

_WORDS = 5.0
"""Seconds after which the words about what waits are brought up to date, though nothing has become free since."""


@dataclass(frozen=True, slots=True)
class Actors:
    """What wants places, and what acts on decisions."""

    sources: Sequence[Source]
    preempting: Preempting


class Placing(Step):
    """Finds places for what its sources want placed."""

    def __init__(
        self,
        cluster: Cluster,
        actors: Actors,
        insight: Insight,
        queues: Queues,
        rejections: Rejections,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._sources, self._preempting = actors.sources, actors.preempting
        self._cluster, self._insight, self._queues, self._rejections = cluster, insight, queues, rejections
        self._tree: QueueTree | None = None
        """The queues that the decider knows."""
        self._seconds, self._monotonic = settings.placing_budget, clock.monotonic
        self._decider = Decider(cluster, settings.seed)
        self._promising = Promising()
        self._planned = 0
        """The revision of the plans by which was placed last."""
        self._unrecorded = False
        """In the last tick graphs were admitted as a whole: the places of their pods came to nothing."""
        self._asked_at, self._asked_of = 0.0, -1
        """When requests were last asked about, and of which version of the cluster."""

    def recall(self, graph: GraphRun, attempts: int, now: float) -> None:
        """A graph was taken in that has so many attempts on record: turns go on from there, and reservations hold."""
        promised = self._promising.recall(graph, now)
        if promised is not None:
            self._decider.update(promised)
        if attempts:
            self._decider.update(Changes(placed=self._decider.placed + attempts))

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._decider)

    def snapshot(self, now: float) -> LineSnapshot:
        """The line, as it stands, and what has to be known of it to say when what waits starts."""
        return self._decider.snapshot(now)

    def shares(self, now: float) -> SharesState | None:
        """What queues have had until an instant; ``None``: shares are not compared."""
        return self._decider.shares(now)

    def step(self, tick: Tick) -> None:
        """Place what has a place, and have that acted on; note what was said of the others."""
        now, plans = tick.now, self._insight.plans
        replanned, self._planned = plans.revision != self._planned, plans.revision
        self._rejections.expire(now)
        if self._queues.tree is not self._tree:
            self._take_queues(now)
        for source in self._sources:
            self._decider.update(source.changes(tick))
        if not self._promising.waits(tick.graphs, now):
            self._tell_of_holds(tick)
            if len(self._decider) or self._preempting.any:
                self._ask(tick, replanned)
            self._promising.note(self._decider.promises.all, tick.graphs)
        self._preempting.act(tick.graphs, now)

    def _ask(self, tick: Tick, replanned: bool) -> None:
        now = tick.now
        stale = self._unrecorded or (self._asked_of != self._cluster.version and now >= self._asked_at + _WORDS)
        self._unrecorded, known = False, self._insight.snapshot(now)
        self._decider.update(Changes(knowledge=known, refused=self._rejections.active(now), reopened=stale or replanned))
        while self._decide(tick):
            pass  # each time something was placed, so that this comes to an end

    def _decide(self, tick: Tick) -> bool:
        """Act on one decision. Answers whether it goes on from what was placed by it."""
        began = self._monotonic()
        outcome = self._decider.decide(tick.now, seconds(self._seconds, self._monotonic))
        self._preempting.take(tick.graphs, outcome, self._decider.preemption, tick.now)
        charged = self._decider.whole.charged()
        self._unrecorded = self._unrecorded or bool(charged)
        for source in self._sources:
            source.charged(charged, tick)
        if outcome.placements or outcome.waiting:
            metrics.PLACING_SECONDS.observe(self._monotonic() - began)
            self._act(outcome, tick)
            self._asked_at, self._asked_of = tick.now, self._cluster.version
        return outcome.unfinished and bool(outcome.placements)

    def next_time(self, now: float) -> float | None:
        """When ``step`` has something to do though nothing happens."""
        words = self._asked_at + _WORDS if len(self._decider) and self._asked_of != self._cluster.version else None
        again = self._decider.again_at if math.isfinite(self._decider.again_at) else None
        times = (self._rejections.next_expiry(now), words, again, self._promising.next_time)
        return min((at for at in times if at is not None), default=None)

    def _take_queues(self, now: float) -> None:
        before = None if self._tree is not None else read_shares(self._queues.statuses, now)
        self._tree = self._queues.tree
        self._decider.update(Changes(queues=self._tree, shares=before))

    def _tell_of_holds(self, tick: Tick) -> None:
        """Those that an operator before this one recorded, and those of ours that could not be."""
        if self._preempting.unrecordable:
            self._decider.update(Changes(released=tuple(self._preempting.unrecordable)))
            self._decider.update(Changes(preemption=self._preempting.given_up(self._decider.preemption)))
        known = self._preempting.known(tick.graphs.touched, self._decider.preemption, tick.now)
        if known is not None:
            self._decider.update(Changes(preemption=known))

    def _act(self, outcome: Outcome, tick: Tick) -> None:
        for source in self._sources:
            source.placed([each for each in outcome.placements if source.owns(each.request_id)], tick)
        for source in self._sources:
            source.waiting([each for each in outcome.waiting if source.owns(each.request_id)], tick)
