"""Writing what queues hold into their statuses, and holding queues that are in use."""

from collections.abc import Iterable
from itertools import chain
from typing import Protocol

from bayplan.cluster.cluster import Cluster
from bayplan_operator import names
from bayplan_operator.conductor.queueing.figures import QueueSums, WaitingFigures, added_up, figures_of
from bayplan_operator.conductor.queueing.holdings import Holdings, on_ready_nodes
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.queueing.sharing import Sharing
from bayplan_operator.conductor.queueing.status import differs, status
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import PodStore
from bayplan_operator.writer import QueueWriter

_EVERY = 1.0
"""Seconds between two looks at the queues: each is written at most once in them."""
_NOTHING = QueueSums()


class OtherWaiting(Protocol):
    """What waits in queues beside the shards of graphs."""

    @property
    def revision(self) -> int:
        """Changes with the figures."""
        ...

    def figures(self) -> Iterable[WaitingFigures]:
        """Of all that waits."""
        ...


class ReportQueues(Step):
    """Counts what waits in queues, and writes what has changed."""

    def __init__(
        self, queues: Queues, cluster: Cluster, pods: PodStore, writer: QueueWriter, sharing: Sharing, others: OtherWaiting
    ) -> None:
        self._queues, self._cluster, self._pods, self._writer = queues, cluster, pods, writer
        self._sharing, self._others = sharing, others
        self._figures: dict[str, WaitingFigures] = {}
        """By UID of a graph."""
        self._touched: dict[str, GraphRun] = {}
        self._next_at = 0.0
        self._looked_at: object = None
        """What the statuses were made of when all of them had been written."""
        self._changes = 0
        """How often figures have changed."""

    def step(self, tick: Tick) -> None:
        """O(touched graphs); at most once a second, and where something has changed: O(queues x quota rows + graphs)."""
        if not self._queues.objects:
            return  # all graphs are touched once there is one
        self._touched.update((graph.ref.uid, graph) for graph in tick.touched)
        if tick.now < self._next_at or not self._waits:
            return
        self._next_at = tick.now + _EVERY
        for uid, graph in self._touched.items():
            self._count(uid, figures_of(graph))
        self._touched.clear()
        situation = self._situation
        if self._looked_at != situation:
            self._looked_at = situation if self._write(tick.now) else None

    def next_time(self, now: float) -> float | None:
        """When statuses may be written again, if any of them may have to be."""
        return self._next_at if self._queues.objects and self._waits else None

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._touched.pop(uid, None)
        self._count(uid, None)

    @property
    def _waits(self) -> bool:
        return bool(self._touched) or self._looked_at != self._situation

    @property
    def _situation(self) -> tuple[object, ...]:
        return self._changes, self._cluster.version, self._queues.revision, self._others.revision

    def _count(self, uid: str, found: WaitingFigures | None) -> None:
        if self._figures.get(uid) == found:
            return
        self._changes += 1
        if found is None:
            self._figures.pop(uid, None)
        else:
            self._figures[uid] = found

    def _write(self, now: float) -> bool:
        """Answers whether nothing was left to be written."""
        done, holdings = True, Holdings(self._cluster.quotas, on_ready_nodes(self._cluster))
        sums = added_up(chain(self._figures.values(), self._others.figures()))
        self._sharing.look(now, self._queues.tree)
        for name in self._queues.objects:
            if self._writer.busy(name) or self._write_one(name, holdings, sums.get(name, _NOTHING), now):
                done = False
        return done

    def _write_one(self, name: str, holdings: Holdings, sums: QueueSums, now: float) -> bool:
        """Answers whether something had to be written."""
        seen, pods = self._queues.objects[name], self._pods.holding.pods[name]
        in_use = bool(pods or sums.graphs or sums.pods)
        if in_use != seen.held and in_use != seen.deleting:
            others = [each for each in seen.finalizers if each != names.QUEUE_FINALIZER]
            finalizers = [*others, names.QUEUE_FINALIZER] if in_use else others
            self._writer.write_finalizers(name, seen.uid, seen.version, finalizers)
            return True
        body = status(seen, self._queues.standing(name), list(holdings.of(name)), sums, pods, now)
        share = self._sharing.fields(name, seen.status)
        if share is None and not differs(body, seen.status):
            return False
        body |= self._sharing.current(name) if share is None else share
        self._writer.write_status(name, seen.uid, seen.version, body)
        return True
