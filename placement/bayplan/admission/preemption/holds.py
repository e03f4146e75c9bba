"""Room that is kept for units until what was evicted for them has left."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from bayplan.admission.occupancy import Occupancy
from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import EvictedInVain, Hold
from bayplan.model.gpu import GpuAsk
from bayplan.strategy.wish import Wish

_LINE = 255


@dataclass(frozen=True, slots=True, eq=False)
class HeldPlaces:
    """A hold, in rows and columns of a cluster."""

    hold: Hold
    queue: int
    asks: Mapping[int, tuple[tuple[int, int], ...]]
    gpus: Sequence[tuple[int, GpuAsk, tuple[int, ...]]]
    quotas: Mapping[int, int]
    blockers: Collection[Hashable]
    quota_blockers: Collection[Hashable]

    @property
    def at(self) -> float:
        """As soon as its victims have left."""
        return 0.0

    @property
    def after(self) -> Sequence[object]:
        """It waits for its victims only."""
        return ()


class Holds:
    """By the first request of a unit. The rows of nodes and the columns of resources are looked up for each decision."""

    def __init__(self, cluster: Cluster, running: Occupancy) -> None:
        self._cluster, self._running = cluster, running
        self.of: dict[Hashable, Hold] = {}
        """By the first request of each."""
        self._first: dict[Hashable, Hashable] = {}
        self._there: dict[Hashable, frozenset[Hashable]] = {}
        """By the same, what was on its nodes when it began; not known of one that was taken over."""

    def __len__(self) -> int:
        return len(self.of)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._first

    def add(self, hold: Hold, *, taken_over: bool = False) -> None:
        """It begins, or it was recorded by an earlier decider."""
        first = hold.request_ids[0]
        self.of[first] = hold
        self._first.update(dict.fromkeys(hold.request_ids, first))
        if not taken_over:
            there = [key for node in dict.fromkeys(hold.nodes) for key in self._cluster.occupants(node)]
            self._there[first] = frozenset(there)

    def remove(self, first: Hashable) -> None:
        """It is over. Unknown: nothing happens."""
        hold = self.of.pop(first, None)
        if hold is not None:
            self._there.pop(first, None)
            for each in hold.request_ids:
                self._first.pop(each, None)

    def remaining(self, hold: Hold) -> list[Hashable]:
        """The victims that are still there."""
        return [key for key in hold.victims if self._running.slot(key) >= 0]

    def shut(self, hold: Hold) -> str:
        """The first of its nodes that takes nothing any more; empty: none."""
        cluster = self._cluster
        for node in hold.nodes:
            row = cluster.row(node)
            if row is None or not cluster.ready[row] or cluster.cordoned[row]:
                return node
        return ""

    def places(self, hold: Hold, wishes: Mapping[Hashable, Wish], *, whole: bool) -> HeldPlaces:
        """What it keeps. `whole`: as once its victims have left."""
        cluster, quotas = self._cluster, self._cluster.quotas
        asks: dict[int, dict[int, int]] = {}
        gpus: list[tuple[int, GpuAsk, tuple[int, ...]]] = []
        rows_asked: dict[int, int] = {}
        queue = quotas.limited(wishes[hold.request_ids[0]].request.queue)
        for id_, node, devices in zip(hold.request_ids, hold.nodes, hold.gpus, strict=True):
            row, demand = cluster.row(node), cluster.demand(wishes[id_].request.request_class)
            if row is None:
                continue
            there = asks.setdefault(row, {})
            for column, amount in demand.pairs:
                there[column] = there.get(column, 0) + amount
            if demand.gpus is not None and devices:
                gpus.append((row, demand.gpus, devices))
            for number in quotas.covering(row) if queue >= 0 else ():
                rows_asked[number] = rows_asked.get(number, 0) + quotas.asked(number, demand.pairs)
        remaining = () if whole else self.remaining(hold)
        own = [key for key in remaining if int(self._running.queue[self._running.slot(key)]) == queue]
        pairs = {row: tuple(there.items()) for row, there in asks.items()}
        return HeldPlaces(hold, queue, pairs, gpus, {n: each for n, each in rows_asked.items() if each}, remaining, own)

    def free(self, places: HeldPlaces) -> bool:
        """Whether there may be room for the unit by now, by sums on each node."""
        used, offered = self._cluster.used, self._cluster.allocatable
        asked = ((row, column, amount) for row, asks in places.asks.items() for column, amount in asks)
        return all(used[row, column] + amount <= offered[row, column] for row, column, amount in asked)

    def in_vain(self, hold: Hold, shut: str) -> EvictedInVain:
        """What became of a hold whose unit got no place. `shut`: a node of it that takes nothing any more."""
        remaining = self.remaining(hold)
        if shut:
            return EvictedInVain(hold, None, f"evicted in vain: node {shut} takes nothing any more"[:_LINE])
        if remaining:
            words = f"evicted in vain: {len(remaining)} of {len(hold.victims)} pods had not ended in time"
            return EvictedInVain(hold, None, words)
        taker = self._taker(hold)
        words = f"{taker[1]} on node {taker[0]} took the room" if taker else "the room does not do any more"
        return EvictedInVain(hold, None if taker is None else taker[1], f"evicted in vain: {words}"[:_LINE])

    # Inside

    def _taker(self, hold: Hold) -> tuple[str, Hashable] | None:
        """Of what came to its nodes since it began, the last: a foreign pod before others."""
        known = self._there.get(hold.request_ids[0])
        found: list[tuple[bool, float, int, str, Hashable]] = []
        for node in dict.fromkeys(hold.nodes):
            for key, occupant in self._cluster.occupants(node).items():
                tenant = occupant.tenant
                foreign = tenant is None or tenant.graph is None
                if (known is None and foreign) or (known is not None and key not in known):
                    since = 0.0 if tenant is None or tenant.since is None else tenant.since
                    found.append((foreign, since, len(found), node, key))
        return max(found)[3:] if found else None
