"""Reservations in the line: whose turn it is to hold one, and what they mean for those behind."""

from collections.abc import Iterable, Sequence

from bayplan.admission.line.asking import Asking
from bayplan.admission.line.blocked import Blocked
from bayplan.admission.line.contest import ROOT
from bayplan.admission.line.keeping import Keeping
from bayplan.admission.line.lane import Lane
from bayplan.admission.line.roll import Roll
from bayplan.admission.promises.promise import Promise
from bayplan.admission.promises.promises import Promises
from bayplan.admission.tree import QueueTree
from bayplan.strategy.wish import Wish


class Reserving:
    """Between the line and the promises."""

    def __init__(self, promises: Promises, roll: Roll, tree: QueueTree, keeping: Keeping) -> None:
        self._promises, self._roll, self._keeping = promises, roll, keeping
        self._reserve = [*(each.reserve for each in tree.queues.values()), 0]
        """By queue, how many of its units may hold a promise."""
        self._any = any(self._reserve)
        self.placed = self.postponed = False
        """In this decision something was placed, so that no promise can be made before it is among what runs; one was to be."""
        self._promised: dict[Lane, Promise] = {}
        """By lane, the promise that a request of it holds: of requests that are alike only the first does."""
        self._kept_out: dict[Lane, None] = {}
        """Lanes that found no place beside what promises keep."""
        self._gone: set[int] = set()
        """A promise is gone, and what it kept is free for lanes of these trees; `ROOT`: for those of any."""

    def asking(self, number: int, lane: Lane, unit: Sequence[Wish], blocked: Blocked, now: float) -> Asking | None:
        """How a unit is to be asked about, or that it need not be."""
        asking = Asking(number, {each.request.id: each for each in unit})
        if not self._any:
            return None if blocked.still(lane) else asking
        if not blocked.still(lane):
            return asking
        if self._promises.ahead:
            lifted = self._letting(asking, now)
            if lifted:
                self._promises.ahead.lift(lifted)
                if not blocked.still(lane):
                    asking.lifted, asking.tried = lifted, True
                    return asking
                self._charge(lifted)
                lane.kept_out = True
            if not lane.told and self._keeping.keeps_out(unit):
                lane.told = True
                return asking  # it is told why it waits by now
        self._hold(number, lane, unit, now)
        return None

    def try_lifted(self, asking: Asking, now: float) -> bool:
        """Whether a unit without a place beside what is kept is asked about once more, without what need not bind it."""
        if asking.tried or not self._promises.ahead:
            return False
        asking.tried = True
        asking.lifted = self._letting(asking, now)
        if not asking.lifted:
            return False
        self._promises.ahead.lift(asking.lifted)
        asking.refused.clear()
        asking.again = True
        return True

    def restore(self, asking: Asking) -> None:
        """What was lifted for a unit binds the next one again."""
        self._charge(asking.lifted)

    def refused(self, asking: Asking, lane: Lane, now: float) -> None:
        """A unit has no place: it may hold a promise, which binds what comes after."""
        lane.kept_out = bool(self._promises.ahead)
        self._hold(asking.queue, lane, list(asking.unit.values()), now)

    def keep_out(self, lane: Lane) -> None:
        """It found no place beside what is kept."""
        self._kept_out[lane] = None

    def forget(self, lane: Lane) -> None:
        """It is open, or empty."""
        self._kept_out.pop(lane, None)
        if not len(lane):
            self._promised.pop(lane, None)

    def clear(self) -> None:
        """Nothing is known."""
        self._kept_out.clear()

    def released(self, lane: Lane, promise: Promise) -> None:
        """The promise of a lane is gone."""
        self._promised.pop(lane, None)
        self._gone.add(self._bound(promise))

    def reopened(self, open_: Iterable[Lane], blocked: Blocked, now: float) -> list[Lane]:
        """Lanes to be looked at in a round beside those that are open: what a promise kept out that is gone, the lanes of those
        that hold one, and of the heads that may.

        A promise of nothing but quota binds only the tree of its queue: where no lane of that is open, it need not be looked
        at.
        """
        found: dict[Lane, None] = {}
        if self._gone:
            anywhere = ROOT in self._gone
            freed = [each for each in self._kept_out if anywhere or self._roll.tree(each.queue) in self._gone]
            self._gone.clear()
            for lane in freed:
                del self._kept_out[lane]
                found[lane] = None
                lane.kept_out = False
                blocked.without_promise(lane)
        trees = {self._roll.tree(lane.queue) for lane in (*open_, *found)}
        for promise in self._promises.all:
            owned = self._roll.lane_of(promise.owners[0])
            if owned is not None and (promise.rows or self._roll.tree(owned.queue) in trees):
                found[owned] = None
        if self._any and not self._promises.full:
            for number in self._roll.queues():
                head = self.head(number, now) if self._roll.tree(number) in trees else None
                if head is not None:
                    found[head] = None
        for lane in found:
            blocked.forget(lane)
        return list(found)

    def head(self, number: int, now: float) -> Lane | None:
        """The lane of the first request of a queue that has no promise, if the queue may hold one more, or if one that stands
        behind it holds one."""
        if not self._reserve[number]:
            return None
        found = self._roll.head(number, now, self._promised.__contains__)
        if found is None or self._promises.count(number) < self._reserve[number]:
            return None if self._promises.full else found
        return None if self._overtaken(found, now) is None else found

    # Inside

    def _overtaken(self, lane: Lane, now: float) -> Lane | None:
        """Of the lanes of its queue that hold a promise, the last, if that stands behind it."""
        held = [each for each in self._promised if each.queue == lane.queue and len(each)]
        if not held:
            return None
        last = max(held, key=lambda each: each.first(now).order)
        return last if last.first(now).order > lane.first(now).order else None

    def _letting(self, asking: Asking, now: float) -> list[Promise]:
        return self._promises.letting_in(asking.queue, list(asking.unit.values()), now)

    def _hold(self, number: int, lane: Lane, unit: Sequence[Wish], now: float) -> None:
        promise = self._promises.of(unit[0].request.id)
        before = self._promised.get(lane)
        if before is not None and not self._promises.keeps(before):  # its nodes have changed
            self.released(lane, before)
            before = None
        if promise is None and before is not None:
            promise = self._promises.hand_over(before, unit)  # of requests that are alike, another is the first by now
        if promise is None and self.head(number, now) is lane:
            if self.placed:
                self.postponed = True
                return
            self._give_way(number, lane, now)
        if promise is not None or self.head(number, now) is lane:
            made = self._promises.make(unit, number, now)
            if made is not promise and promise is not None:
                self._gone.add(self._bound(promise))
            promise = made
            if made is not None:
                self._promised[lane] = made
        if promise is not None:
            self._promises.ahead.charge(promise)

    def _give_way(self, number: int, lane: Lane, now: float) -> None:
        """Where a queue holds all the promises that it may, the last loses its own to one that has come ahead of it."""
        if self._promises.count(number) < self._reserve[number]:
            return
        last = self._overtaken(lane, now)
        if last is not None:
            promise = self._promised[last]
            self._promises.drop(promise)
            self.released(last, promise)

    def _bound(self, promise: Promise) -> int:
        """The tree of queues that a promise binds: one of nothing but quota binds only its own; `ROOT`: it binds all."""
        return ROOT if promise.rows else self._roll.tree(promise.queue)

    def _charge(self, promises: Sequence[Promise]) -> None:
        for each in promises:
            self._promises.ahead.charge(each)
