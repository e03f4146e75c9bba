"""All reservations of a cluster: made for heads of the line, kept, and renewed where what is there overruns."""

from collections import Counter, deque
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.instant import expected_end, joint_instant
from bayplan.admission.promises.kept_room import KeptRoom
from bayplan.admission.promises.opening import ResourceProfile, Stay, Waited, node_opening, quota_opening
from bayplan.admission.promises.promise import KeptPromise, Promise, PromiseRecord
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.quotas import Asker
from bayplan.model.arrays import BoolArray
from bayplan.model.run_law import RunLaw
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
        self.ahead: KeptRoom[Promise] = KeptRoom(cluster, self.running)
        """Of the promises whose owners the line has passed in this round: they bind what comes after."""
        self.kept: deque[KeptPromise] = deque(maxlen=1_000)
        """The latest whose owners have started."""
        self._of: dict[Hashable, Promise] = {}
        self._recorded: dict[Hashable, PromiseRecord] = {}
        """By the first request of a unit, what was promised to it before, by another decider or under other queues."""
        self._beyond: dict[tuple[RunLaw, float], float] = {}
        """Of this round: how surely what runs like this runs longer than so many seconds."""
        self._count: dict[int, int] = {}
        """By queue."""
        self.dropped: list[Promise] = []
        """Their owners wait on, and another promise is to be made to each; the caller that handles them takes them out."""
        self._made = 0
        self._static_version = cluster.static_version

    def __len__(self) -> int:
        return len({id(each) for each in self._of.values()})

    def of(self, owner: Hashable) -> Promise | None:
        """The promise of a request."""
        return self._of.get(owner)

    def record(self, owner: Hashable) -> PromiseRecord | None:
        """What a request was promised as the first of its unit, whether it has its places again or not."""
        promise = self._of.get(owner)
        return self._recorded.get(owner) if promise is None or promise.owners[0] != owner else promise.record

    def keeps(self, promise: Promise) -> bool:
        """It was not dropped."""
        return self._of.get(promise.owners[0]) is promise

    def count(self, queue: int) -> int:
        """How many a queue has."""
        return self._count.get(queue, 0)

    @property
    def possible(self) -> Hashable:
        """As long as this is equal, what there was nothing to wait for has nothing to wait for."""
        return self._cluster.static_version, self._cluster.quotas.version, self._cluster.quotas.graphs.version

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
            self._recorded[each.owners[0]] = each.record
            self.drop(each)
        self.running.renumber()

    def recall(self, recorded: Mapping[Hashable, PromiseRecord]) -> None:
        """These were promised before, by the first request of each unit: what is promised to them goes on from there."""
        self._recorded.update(recorded)

    def begin(self, now: float) -> None:
        """A new round: take in what has come and gone, and make those again whose nodes have changed."""
        self.running.step()
        self._beyond.clear()
        if self._static_version != self._cluster.static_version:
            self._static_version = self._cluster.static_version
            for each in self.all:
                if any(not self._open(row) for row in each.rows):
                    self.drop(each)
        moved: dict[int, bool] = {}
        for each in self.all:
            self._move(each, now, moved)

    def end(self) -> None:
        """The round is over."""
        self.ahead.lift_all()

    def drop(self, promise: Promise) -> None:
        """Its owner has started, or wants no place any more. Where others start that waited for it, is to be seen again; the
        instants that were promised to them hold."""
        self.ahead.lift([promise])
        for owner in promise.owners:
            if self._of.pop(owner, None) is not None and owner == promise.owners[0]:
                self._made -= 1
                self._count[promise.queue] -= 1
        for each in self.all:
            if any(before is promise for before in each.after):
                self._recorded[each.owners[0]] = each.record
                self.dropped.append(each)
                self.drop(each)

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
        self._recorded.pop(owner, None)
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
        recorded = next((each for owner in found.owners if (each := self._recorded.pop(owner, None)) is not None), None)
        if recorded is not None:
            found.recall(recorded)
        elif before is not None:
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
            each
            for each in self.ahead.charged
            if self._binds(each, root) and each.lets_in(now, self._later(unit, each.at - now))
        ]

    def let_in(self, wish: Wish, promises: Sequence[Promise], now: float) -> None:
        """A request was placed while these did not bind it."""
        for each in promises:
            each.chance += self._later([wish], each.at - now)

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
        pod = Asker(first.graph, first.request_class)
        asks = quotas.lacking(first.queue, total, pod)
        short, of = tuple(asks), ResourceProfile(cluster, self.running, self._stays(quotas.root(queue)), now)
        waited: list[Waited] = []
        rows: dict[int, int] = {}
        if asks:
            found = quota_opening(asks, queue, of)
            if found is None:
                return None
            waited.append(found)
        if not any(map(quotas.everywhere, short)):
            opening = node_opening(members, demand, self._rows(unit[0], short), of)
            if opening is None:
                return None
            rows = dict(opening.rows)
            waited.append(opening.waited)
        taken = {row: tuple((column, count * amount) for column, amount in demand.pairs) for row, count in rows.items()}
        promise = Promise(
            tuple(each.request.id for each in unit),
            queue,
            rows,
            taken,
            {**quotas.claimed(first.queue, demand.pairs, rows or {-1: members}, pod), **asks},
            np.inf,
            now,
            {self.running.keys[slot] for each in waited for slot in each.slots},
            runs=tuple(Counter(each.request.run for each in unit).items()),
            after=[of.stays[number].promise for number in sorted({n for each in waited for n in each.stays})],
        )
        promise.at = promise.first = joint_instant(promise, self.running, now, self._seed)
        promise.allowance = max(promise.at - now, LEAST_ALLOWANCE)
        return promise

    def _stays(self, root: int) -> list[Stay]:
        """Of the promises that bind what is asked about in a tree of queues."""
        ahead = [each for each in self.ahead.charged if self._binds(each, root)]
        return [Stay(each, expected_end(each), *self.ahead.beside(each)) for each in ahead]

    def _move(self, promise: Promise, now: float, moved: dict[int, bool]) -> bool:
        """Its instant is earlier if something that it waited for has left, or if that goes for a promise that it waits for.
        `moved`: whether each was, by id, of those that were looked at."""
        known = moved.get(id(promise))
        if known is not None:
            return known
        gone = {key for key in promise.blockers if self.running.slot(key) < 0}
        promise.blockers -= gone
        before = [self._move(each, now, moved) for each in promise.after]
        if gone or any(before):
            promise.at = min(promise.at, joint_instant(promise, self.running, now, self._seed))
        found = moved[id(promise)] = bool(gone) or any(before)
        return found

    def _rows(self, wish: Wish, short: Sequence[int]) -> BoolArray:
        cluster = self._cluster
        rows: BoolArray = admission(cluster, wish.request.request_class, wish.strategy.node_selector).codes == 0
        return rows & ~cluster.quotas.closed(short, cluster.rows) if short else rows

    def _later(self, unit: Sequence[Wish], seconds: float) -> float:
        """An upper bound of the probability that any of a unit runs longer; 1 where a run time is not known."""
        if not np.isfinite(seconds):
            return 1.0
        found = 0.0
        for each in unit:
            run = each.request.run
            if run is None:
                return 1.0
            known = self._beyond.get((run, seconds))
            if known is None:
                known = self._beyond[run, seconds] = run.beyond(seconds)
            found += known
        return min(1.0, found)

    def _overdue(self, promise: Promise, now: float) -> bool:
        """What lies there overruns by more than was promised, or has left and the places are taken all the same."""
        return now > promise.at + promise.allowance or (now >= promise.at and not promise.blockers and not promise.after)

    def _open(self, row: int) -> bool:
        cluster = self._cluster
        return bool(cluster.present[row] and cluster.ready[row] and not cluster.cordoned[row])
