"""All reservations of a cluster: made for heads of the line, kept, and renewed where what is there overruns."""

from collections import deque
from collections.abc import Hashable, Sequence

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.kept_room import KeptRoom
from bayplan.admission.promises.opening import joint_instant, node_opening, quota_opening
from bayplan.admission.promises.promise import KeptPromise, Promise
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.model.arrays import BoolArray
from bayplan.strategy.wish import Wish

MOST = 32
"""Promises of a cluster at a time."""
LEAST_ALLOWANCE = 1.0
"""Seconds: where what has to leave is overdue already, each renewal doubles at least this."""


class Promises:
    """By owner. It outlives the line: what was promised holds on."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._cluster, self._seed = cluster, seed
        self.running = Occupancy(cluster)
        self.ahead = KeptRoom(cluster, self.running)
        """Of the promises whose owners the line has passed in this round: they bind what comes after."""
        self.kept: deque[KeptPromise] = deque(maxlen=1_000)
        """The latest whose owners have started."""
        self._of: dict[Hashable, Promise] = {}
        self._count: dict[int, int] = {}
        """By queue."""
        self._made = 0
        self._static_version = cluster.static_version

    def __len__(self) -> int:
        return len({id(each) for each in self._of.values()})

    def of(self, owner: Hashable) -> Promise | None:
        """The promise of a request."""
        return self._of.get(owner)

    def count(self, queue: int) -> int:
        """How many a queue has."""
        return self._count.get(queue, 0)

    @property
    def full(self) -> bool:
        """There are as many as there may be."""
        return self._made >= MOST

    @property
    def all(self) -> list[Promise]:
        """Each once."""
        return list({id(each): each for each in self._of.values()}.values())

    def renumber(self) -> None:
        """Queues have other numbers: promises are made again."""
        for each in self.all:
            self.drop(each)
        self.running.renumber()

    def begin(self, now: float) -> None:
        """A new round: take in what has come and gone, and make those again whose nodes have changed."""
        self.running.step()
        if self._static_version != self._cluster.static_version:
            self._static_version = self._cluster.static_version
            for each in self.all:
                if any(not self._open(row) for row in each.rows):
                    self.drop(each)
        for each in self.all:
            if any(self.running.slot(key) < 0 for key in each.blockers):
                each.blockers = {key for key in each.blockers if self.running.slot(key) >= 0}
                each.at = min(each.at, self._instant(each, now))

    def end(self) -> None:
        """The round is over."""
        self.ahead.lift_all()

    def drop(self, promise: Promise) -> None:
        """Its owner has started, or wants no place any more."""
        self.ahead.lift([promise])
        for owner in promise.owners:
            if self._of.pop(owner, None) is not None and owner == promise.owners[0]:
                self._made -= 1
                self._count[promise.queue] -= 1

    def hand_over(self, promise: Promise, unit: Sequence[Wish]) -> Promise:
        """Another unit has it from now on, one that asks for the same."""
        for owner in promise.owners:
            self._of.pop(owner, None)
        promise.owners = tuple(each.request.id for each in unit)
        for owner in promise.owners:
            self._of[owner] = promise
        return promise

    def started(self, owner: Hashable, now: float) -> Promise | None:
        """A request was placed, or wants no place any more (infinite); answers the promise that it had, which is over."""
        promise = self._of.get(owner)
        if promise is None:
            return None
        if np.isfinite(now):
            self.kept.append(KeptPromise(promise.owners[0], promise.made, promise.first, now, promise.renewals))
        self.drop(promise)
        return promise

    def make(self, unit: Sequence[Wish], queue: int, now: float) -> Promise | None:
        """For a unit that has no place, behind those that are ahead; `None`: there is nothing to wait for."""
        before = self._of.get(unit[0].request.id)
        if before is not None:
            if not self._overdue(before, now):
                return before
            self.drop(before)
        found = self._make(unit, queue, now)
        if found is None:
            return None
        if before is not None:
            found.made, found.first, found.renewals = before.made, before.first, before.renewals + 1
            found.allowance = 2 * before.allowance
        for owner in found.owners:
            self._of[owner] = found
        self._made += 1
        self._count[queue] = self._count.get(queue, 0) + 1
        return found

    def letting_in(self, queue: int, unit: Sequence[Wish], now: float) -> list[Promise]:
        """Of those ahead that bind a unit of a queue, the ones whose places it may use for a while."""
        root = self._cluster.quotas.root(queue)
        return [
            each for each in self.ahead.promises if self._binds(each, root) and each.lets_in(now, _later(unit, each.at - now))
        ]

    def let_in(self, wish: Wish, promises: Sequence[Promise], now: float) -> None:
        """A request was placed while these did not bind it."""
        for each in promises:
            each.chance += _later([wish], each.at - now)

    # Inside

    def _binds(self, promise: Promise, root: int) -> bool:
        """A promise of nothing but quota binds only the tree of its queue."""
        return bool(promise.rows) or self._cluster.quotas.root(promise.queue) == root

    def _make(self, unit: Sequence[Wish], queue: int, now: float) -> Promise | None:
        cluster, first = self._cluster, unit[0].request
        demand = cluster.demand(first.request_class)
        members = len(unit) if first.gang is None else first.gang.least(len(unit))
        quotas = cluster.quotas
        total = [(column, members * amount) for column, amount in demand.pairs]
        short = quotas.short(first.queue, total)
        asks = {number: quotas.asked(number, total) for number in short}
        blockers: dict[int, None] = {}
        rows: dict[int, int] = {}
        if asks:
            found = quota_opening(asks, queue, cluster, self.running, now)
            if found is None:
                return None
            blockers.update(dict.fromkeys(found))
        if not any(map(quotas.everywhere, short)):
            opening = node_opening(members, demand, self._rows(unit[0], short), cluster, self.running, now)
            if opening is None:
                return None
            rows = dict(opening.rows)
            blockers.update(dict.fromkeys(opening.blockers))
        taken = {row: tuple((column, count * amount) for column, amount in demand.pairs) for row, count in rows.items()}
        keys = {self.running.keys[slot] for slot in blockers}
        promise = Promise(tuple(each.request.id for each in unit), queue, rows, taken, asks, np.inf, now, keys)
        promise.at = promise.first = self._instant(promise, now)
        promise.allowance = max(promise.at - now, LEAST_ALLOWANCE)
        return promise

    def _rows(self, wish: Wish, short: Sequence[int]) -> BoolArray:
        cluster = self._cluster
        rows: BoolArray = admission(cluster, wish.request.request_class, wish.strategy.node_selector).codes == 0
        return rows & ~cluster.quotas.closed(short, cluster.rows) if short else rows

    def _instant(self, promise: Promise, now: float) -> float:
        slots = sorted(slot for key in promise.blockers if (slot := self.running.slot(key)) >= 0)
        return joint_instant(slots, self.running, now, self._seed)

    def _overdue(self, promise: Promise, now: float) -> bool:
        """What lies there overruns by more than was promised, or has left and the places are taken all the same."""
        return now > promise.at + promise.allowance or (now >= promise.at and not promise.blockers)

    def _open(self, row: int) -> bool:
        cluster = self._cluster
        return bool(cluster.present[row] and cluster.ready[row] and not cluster.cordoned[row])


def _later(unit: Sequence[Wish], seconds: float) -> float:
    """An upper bound of the probability that any of a unit runs longer; 1 where a run time is not known."""
    if not np.isfinite(seconds):
        return 1.0
    return min(1.0, sum(1.0 if each.request.run is None else each.request.run.beyond(seconds) for each in unit))
