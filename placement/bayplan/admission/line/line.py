"""The line: which requests of all queues are asked about, in which order, and which need not be asked about."""

import math
from collections.abc import Hashable, Iterable

from bayplan.admission.line.asking import Asking
from bayplan.admission.line.blocked import Blocked
from bayplan.admission.line.contest import ROOT, Contest
from bayplan.admission.line.keeping import Keeping
from bayplan.admission.line.lane import Lane
from bayplan.admission.line.reserving import Reserving
from bayplan.admission.line.roll import Roll
from bayplan.admission.line.waiting_queue import WaitingQueue
from bayplan.admission.promises.promises import Promises
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish


class Line:
    """One unit after the other, a request or a gang, each placed before the next is asked about.

    For planners that go one by one, in orders that hold for any two: then the line decides, and nothing else. A lane is asked
    about only while one of it may have a place: as long as nothing becomes free on the nodes, or in its queue's quotas, what
    found none finds none.

    Heads of the line that found no place may hold a reservation. What comes behind them is asked about beside what they
    keep; where that leaves it no place, once more without, if it ends soon enough.
    """

    def __init__(
        self, cluster: Cluster, tree: QueueTree, shares: QueueShares, promises: Promises, shortcuts: bool = True
    ) -> None:
        """`shortcuts`: leave out questions whose answer is known; the placements are the same without."""
        self._roll, self._blocked, self._shortcuts = Roll(cluster, tree, shortcuts), Blocked(cluster), shortcuts
        limits = cluster.quotas.limits
        self._queues = [WaitingQueue() for _ in range(len(limits.queues) + 1)]
        self._gangs: dict[Lane, None] = {}
        self._shares, self._promises, self._keeping = shares, promises, Keeping(cluster, promises)
        self._reserving = Reserving(promises, self._roll, tree, self._keeping)
        self._contest = Contest((*limits.parents, ROOT), shares.compared, shares.rank)
        self._news = self._round = False
        self._asking: Asking | None = None
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._roll)

    def alike(self, wish: Wish) -> Hashable:
        """Of requests of which this is equal the same is said."""
        return self._roll.key(wish) if wish.request.gang is None else wish.request.id

    def add(self, wish: Wish) -> None:
        """It joins its lane. A lane that found no place stays closed, a gang's aside: one more may make up its minimum."""
        known = self._roll.key(wish) in self._roll.lanes
        lane = self._roll.join(wish)
        if wish.request.gang is not None:
            self._gangs[lane] = None
        ahead = lane.kept_out and lane.first(self._now).wish is wish  # perhaps of the promises that keep the others out
        if not known or wish.request.gang is not None or ahead:
            self._open(lane)
        self._news = self._news or lane in self._queues[lane.queue].open

    def remove(self, wish: Wish) -> bool:
        """It leaves. Of a lane in which no request waits, nothing is known."""
        id_ = wish.request.id
        lane = self._roll.leave(wish)
        placed = self._asking is not None and id_ in self._asking.unit
        if self._asking is not None and placed:
            self._shares.admitted(lane.queue, wish.request)
            self._promises.let_in(wish, self._asking.lifted, self._now)
            self._reserving.placed = True
        promise = self._promises.started(id_, self._now if placed else math.inf)
        if promise is not None:
            self._reserving.released(lane, promise)
            self._news = True
        if len(lane):
            return False
        self._queues[lane.queue].open.pop(lane, None)
        self._blocked.forget(lane)
        self._reserving.forget(lane)
        self._gangs.pop(lane, None)
        return True

    def refused(self, wish: Wish, decision: Decision) -> Decision:
        """No place for it, nor for any in its lane. What only promises keep it from is said so."""
        if self._asking is None:
            return decision
        self._asking.refused.append(wish)
        return self._keeping.said(wish, decision, self._asking, self._now)

    def freed(self, rows: Iterable[int]) -> None:
        """Something became free on these rows."""
        if len(self._roll):
            self._blocked.freed(rows)
            self._news = True

    def again(self) -> None:
        """Nothing is known of any request."""
        self._blocked.clear()
        self._reserving.clear()
        for lane in self._roll.lanes.values():
            self._reset(lane)
            self._queues[lane.queue].open[lane] = None
        self._news = bool(self._roll.lanes)

    def moved(self) -> None:
        """Others were placed, or left: gangs may have a place beside what is there now."""
        for lane in self._gangs:
            self._open(lane)
            self._news = True

    def batch(self, context: Context) -> list[Wish]:
        """The first unit of the line that may have a place."""
        if self._asking is not None and self._asking.again:
            return self._once_more()
        if not self._news:
            return []
        self._now = context.now
        if not self._round:
            self._begin()
        while not self._reserving.postponed and (number := self._contest.first()) != ROOT:
            queue = self._queues[number]
            found = queue.first()
            if found is None:
                self._contest.change(number, None)
                continue
            lane, standing = found
            unit = [standing.wish] if lane.gang is None else [each.wish for each in lane.ordered(self._now)]
            asking = self._reserving.asking(number, lane, unit, self._blocked, self._now)
            if asking is None:
                self._close(lane)
                continue
            self._asking = asking
            return unit
        if self._reserving.postponed:
            return []
        self._news = self._round = False
        self._blocked.done()
        return []

    @property
    def unfinished(self) -> bool:
        """A promise is to be made by what was just placed, before those behind it are asked about."""
        return self._reserving.postponed

    def last(self) -> bool:
        """Whether no question follows."""
        return len(self._roll) == 1 and not self._promises.ahead

    def settled(self) -> None:
        """The answers were told, and what was placed is charged."""
        asking = self._asking
        if asking is None:
            return
        if asking.refused and self._reserving.try_lifted(asking, self._now):
            return
        self._asking = None
        if asking.refused:
            lane = self._roll.lane_of(asking.refused[0].request.id)
            assert lane is not None, "what is refused waits"
            self._blocked.note(lane)
            self._reserving.refused(asking, lane, self._now)
            self._close(lane)
        else:
            head = self._reserving.head(asking.queue, self._now)
            if head is not None and head not in self._queues[asking.queue].open:
                # Its turn has come to hold a promise, before those behind it are asked about.
                self._blocked.forget(head)
                self._queues[asking.queue].reopen(head)
        self._reserving.restore(asking)
        self._contest.change(asking.queue, self._queues[asking.queue].head())

    def done(self) -> None:
        """The decision is over: what promises keep is charged to no node any more."""
        self._promises.end()
        if self._round:
            self._round, self._asking = False, None

    # Inside

    def _once_more(self) -> list[Wish]:
        asking = self._asking
        if asking is None:
            return []
        asking.again = False
        return list(asking.unit.values())

    def _begin(self) -> None:
        self._round, self._reserving.placed, self._reserving.postponed = True, False, False
        if not self._shortcuts:
            self.again()
        self._shares.step(self._now)
        self._promises.begin(self._now)
        for lane in self._blocked.reopened():
            self._queues[lane.queue].open[lane] = None
        for lane in self._reserving.reopened(self._open_lanes(), self._blocked, self._now):
            self._queues[lane.queue].open[lane] = None
        heads = []
        for number, queue in enumerate(self._queues):
            if queue.open:
                queue.begin(self._now)
                head = queue.head()
                if head is not None:
                    heads.append((number, head))
        self._contest.begin(heads)

    def _open_lanes(self) -> list[Lane]:
        return [lane for queue in self._queues for lane in queue.open]

    def _close(self, lane: Lane) -> None:
        queue = self._queues[lane.queue]
        if lane in queue.open:
            del queue.open[lane]
            if lane.kept_out:
                self._reserving.keep_out(lane)
            self._blocked.put_back(lane)
        self._contest.change(lane.queue, queue.head())

    def _reset(self, lane: Lane) -> None:
        lane.short, lane.kept_out, lane.told = None, False, False

    def _open(self, lane: Lane) -> None:
        self._blocked.forget(lane)
        self._reserving.forget(lane)
        self._reset(lane)
        self._queues[lane.queue].open[lane] = None
