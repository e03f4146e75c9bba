"""The line: which requests of all queues are asked about, in which order, and which need not be asked about."""

from collections.abc import Hashable, Iterable

from bayplan.admission.line.blocked import Blocked
from bayplan.admission.line.contest import ROOT, Contest
from bayplan.admission.line.lane import Lane
from bayplan.admission.line.roll import Roll
from bayplan.admission.line.waiting_queue import WaitingQueue
from bayplan.admission.shares import Shares
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish


class Line:
    """One unit after the other, a request or a gang, each placed before the next is asked about.

    For planners that go one by one, in orders that hold for any two: then the line decides, and nothing else. A lane is asked
    about only while one of it may have a place: as long as nothing becomes free on the nodes, or in its queue's quotas, what
    found none finds none.
    """

    def __init__(self, cluster: Cluster, tree: QueueTree, shares: Shares, shortcuts: bool = True) -> None:
        """`shortcuts`: leave out questions whose answer is known; the placements are the same without."""
        self._roll, self._blocked, self._shortcuts = Roll(cluster, tree, shortcuts), Blocked(cluster), shortcuts
        limits = cluster.quotas.limits
        self._queues = [WaitingQueue() for _ in range(len(limits.queues) + 1)]
        self._gangs: dict[Hashable, Lane] = {}
        self._shares = shares
        self._contest = Contest((*limits.parents, ROOT), shares.compared, shares.rank)
        self._news = self._round = False
        self._asking: tuple[int, dict[Hashable, Wish]] | None = None
        """What is asked about now: the number of the queue, and the requests."""

    def __len__(self) -> int:
        return len(self._roll)

    def alike(self, wish: Wish) -> Hashable:
        """Of requests of which this is equal the same is said."""
        return self._roll.key(wish)

    def add(self, wish: Wish) -> None:
        """It joins its lane. A lane that found no place stays closed, a gang's aside: one more may make up its minimum."""
        known = self._roll.key(wish) in self._roll.lanes
        lane = self._roll.join(wish)
        if wish.request.gang is not None:
            self._gangs[lane.key] = lane
        if not known or wish.request.gang is not None:
            self._open(lane)
        self._news = self._news or lane.key in self._queues[lane.queue].open

    def remove(self, wish: Wish) -> bool:
        """It leaves. Of a lane in which no request waits, nothing is known."""
        lane = self._roll.leave(wish)
        if self._asking is not None and wish.request.id in self._asking[1]:
            self._shares.admitted(lane.queue, wish.request)
        if len(lane):
            return False
        self._queues[lane.queue].open.pop(lane.key, None)
        self._blocked.forget(lane)
        self._gangs.pop(lane.key, None)
        return True

    def refused(self, wish: Wish) -> None:
        """No place for it, nor for any in its lane."""
        lane = self._roll.lanes[self._roll.key(wish)]
        if self._queues[lane.queue].open.pop(lane.key, None) is not None:
            self._blocked.add(lane)

    def freed(self, rows: Iterable[int]) -> None:
        """Something became free on these rows."""
        if len(self._roll):
            self._blocked.freed(rows)
            self._news = True

    def again(self) -> None:
        """Nothing is known of any request."""
        self._blocked.clear()
        for lane in self._roll.lanes.values():
            lane.short = None
            self._queues[lane.queue].open[lane.key] = lane
        self._news = bool(self._roll.lanes)

    def moved(self) -> None:
        """Others were placed, or left: gangs may have a place beside what is there now."""
        for lane in self._gangs.values():
            self._open(lane)
            self._news = True

    def batch(self, context: Context) -> list[Wish]:
        """The first unit of the line that may have a place."""
        if not self._news:
            return []
        if not self._round:
            self._begin(context.now)
        while (number := self._contest.first()) != ROOT:
            queue = self._queues[number]
            found = queue.first()
            if found is None or not self._blocked.still(found[0]):
                break
            del queue.open[found[0].key]
            self._blocked.put_back(found[0])
            self._contest.change(number, queue.head())
        if number == ROOT or found is None:
            self._news = self._round = False
            self._blocked.done()
            return []
        lane, standing = found
        unit = [standing.wish] if lane.gang is None else [each.wish for each in lane.ordered(context.now)]
        self._asking = number, {each.request.id: each for each in unit}
        return unit

    def last(self) -> bool:
        """Whether no question follows."""
        return len(self._roll) == 1

    def settled(self) -> None:
        """The answers were told, and what was placed is charged."""
        self._blocked.placed()
        if self._asking is not None:
            number = self._asking[0]
            self._asking = None
            self._contest.change(number, self._queues[number].head())

    def _begin(self, now: float) -> None:
        self._round = True
        if not self._shortcuts:
            self.again()
        self._shares.step(now)
        for lane in self._blocked.reopened():
            self._queues[lane.queue].open[lane.key] = lane
        heads = []
        for number, queue in enumerate(self._queues):
            if queue.open:
                queue.begin(now)
                head = queue.head()
                if head is not None:
                    heads.append((number, head))
        self._contest.begin(heads)

    def _open(self, lane: Lane) -> None:
        self._blocked.forget(lane)
        lane.short = None
        self._queues[lane.queue].open[lane.key] = lane
