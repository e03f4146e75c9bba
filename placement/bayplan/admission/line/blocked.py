"""Lanes that found no place, and what has to happen before one of them may find one."""

from collections.abc import Iterable

from bayplan.admission.line.lane import Lane
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.freed import FreedRows
from bayplan.cluster.quotas import Asker
from bayplan.cluster.quotas.accounts import Pairs
from bayplan.model.workload import RequestClass

_Lanes = dict[Lane, None]


class Blocked:
    """By class, those for which no node had room; by the tree of their queue, those for which a quota had none."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._freed = cluster, FreedRows(cluster)
        self._by_class: dict[RequestClass, _Lanes] = {}
        self._by_root: dict[int, dict[RequestClass, _Lanes]] = {}
        self._near: _Lanes = {}
        """Lanes whose places depend on pods nearby: anything that leaves may open nodes to them."""
        self._mixed: _Lanes = {}
        """Lanes of gangs whose members ask for different things: they are asked about in each round."""
        self._seen: dict[int, int] = {}
        """Per root of a tree of queues, how often anything of it had been released when its lanes were looked at."""
        self._static_version = cluster.static_version

    def note(self, lane: Lane) -> None:
        """It was asked about, and found no place. O(quota rows x depth)."""
        if not lane.mixed:
            lane.short = self._cluster.quotas.short(lane.name, self._pairs(lane), Asker(lane.whole, lane.asked))

    def forget(self, lane: Lane) -> None:
        """Nothing waits in it any more, or it is open."""
        self._near.pop(lane, None)
        self._mixed.pop(lane, None)
        for by_class in (self._by_class, self._by_root.get(self._cluster.quotas.root(lane.queue), {})):
            lanes = by_class.get(lane.asked)
            if lanes is not None and lane in lanes:
                del lanes[lane]
                if not lanes:
                    del by_class[lane.asked]

    def clear(self) -> None:
        """Nothing is known of any."""
        if self._static_version != self._cluster.static_version:
            self._static_version = self._cluster.static_version
            self._freed.forget_classes()
        self._by_class.clear()
        self._by_root.clear()
        self._near.clear()
        self._mixed.clear()

    def freed(self, rows: Iterable[int]) -> None:
        """Something became free there."""
        self._freed.add(rows)

    def done(self) -> None:
        """All were asked about that may find a place on what was freed."""
        self._freed.clear()

    def reopened(self) -> list[Lane]:
        """Those that may find a place by now; they are blocked no more."""
        found = list(self._mixed)
        if self._freed:
            found += self._near
            for asked, lanes in self._by_class.items():
                if self._freed.may_fit(asked):
                    found += lanes
        quotas = self._cluster.quotas
        for root, by_class in self._by_root.items():
            if self._seen[root] == quotas.released[root]:
                continue
            self._seen[root] = quotas.released[root]
            for asked, lanes in by_class.items():
                beyond = quotas.beyond(root, self._cluster.demand(asked).pairs)
                # A graph that is charged as a whole may start more though nothing is left to others.
                found += [lane for lane in lanes if not (beyond and lane.whole is None) and not self.still(lane)]
        for lane in found:
            self.forget(lane)
        return found

    def still(self, lane: Lane) -> bool:
        """Whether a lane would find no place if it were asked about, by what is known. O(quota rows x depth + freed rows)."""
        if lane.short is None:
            return False
        if lane.short:
            quotas = self._cluster.quotas
            short = quotas.short(lane.name, self._pairs(lane), Asker(lane.whole, lane.asked))
            if any(map(quotas.everywhere, short)):
                return True
            if short != lane.short:
                return False
        if lane.near:
            return not self._freed
        return not self._freed.may_fit(lane.asked)

    def without_promise(self, lane: Lane) -> None:
        """A promise is gone that kept places from it: what is known of its quotas is looked up, but not what nodes have."""
        if not any(map(self._cluster.quotas.everywhere, lane.short or ())):
            lane.short = None

    def put_back(self, lane: Lane) -> None:
        """It is blocked, for what is known of it."""
        if lane.mixed:
            self._mixed[lane] = None
            return
        quotas, short = self._cluster.quotas, lane.short or ()
        if short:
            root = quotas.root(lane.queue)
            self._seen.setdefault(root, quotas.released[root])
            self._by_root.setdefault(root, {}).setdefault(lane.asked, {})[lane] = None
        if not any(map(quotas.everywhere, short)):
            if lane.near:
                self._near[lane] = None
            else:
                self._by_class.setdefault(lane.asked, {})[lane] = None

    def _pairs(self, lane: Lane) -> Pairs:
        return self._cluster.demand(lane.asked).pairs
