"""Which requests wait for a place, and which of them the planner is asked about.

Where thousands of requests wait, nearly all questions have a known answer: as long as nothing becomes free, a request that
found no place finds none. `Everyone` asks about all of them once anything may have become possible. `MayFit` also leaves out
the classes for which what became free is too little. Both lead to the same places.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.freed import FreedRows
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.one_at_a_time import ONE_BY_ONE, goes_alone
from bayplan.strategy.assigning.random import Random
from bayplan.strategy.assigning.size import sizes
from bayplan.strategy.assigning.static import Static
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.lasting import LASTING
from bayplan.strategy.protocols import Strategy
from bayplan.strategy.wish import Wish

_MAXIMAL = (*ONE_BY_ONE, Random, Static)
"""Planners that leave no place to a request that would be admitted alone, gangs aside."""

Place = tuple[Any, ...]
"""Where a request stands in the line; two of them compare."""


class Waiting(Protocol):
    """The requests that wait, by id."""

    @property
    def unfinished(self) -> bool:
        """Others are to be asked about once what was placed is among what runs."""
        ...

    def __len__(self) -> int:
        """How many wait."""
        ...

    def add(self, wish: Wish) -> None:
        """A request wants a place from now on. Its id must not wait already."""
        ...

    def remove(self, wish: Wish) -> bool:
        """It wants none any more, or it got one. Whether none waits now of which the same would be said."""
        ...

    def refused(self, wish: Wish) -> None:
        """The planner had no place for it."""
        ...

    def freed(self, rows: Iterable[int]) -> None:
        """Something became free on these rows of the cluster."""
        ...

    def again(self) -> None:
        """Any answer may be another now."""
        ...

    def moved(self) -> None:
        """Others were placed, or want no place any more: what may fit beside what is there now is asked about again."""
        ...

    def alike(self, wish: Wish) -> Hashable:
        """Of requests of which this is equal the same is said."""
        ...

    def batch(self, context: Context) -> list[Wish]:
        """What to ask about next, in line order; empty: all answers are known. Ask again once these answers are told."""
        ...

    def last(self) -> bool:
        """Whether no question follows the batch that was handed out last."""
        ...

    def settled(self) -> None:
        """The answers to a batch have been told, and what was placed is charged."""
        ...

    def done(self) -> None:
        """The decision is over, or came to an error."""
        ...


class Everyone:
    """All requests that wait, whenever anything may have become possible."""

    unfinished = False

    def __init__(self) -> None:
        self._line: list[tuple[Place, Wish]] = []
        self._added = 0
        self._place: dict[Hashable, Place] = {}
        self._news = False

    def __len__(self) -> int:
        return len(self._line)

    def add(self, wish: Wish) -> None:
        """It joins the line where its arrival and its number in its graph say."""
        self._added += 1
        request = wish.request
        place = (request.arrival, request.unit or 0, self._added)
        self._place[request.id] = place
        insort(self._line, (place, wish))
        self._news = True

    def remove(self, wish: Wish) -> bool:
        """It leaves the line."""
        del self._line[_at(self._line, self._place.pop(wish.request.id))]
        return True

    def refused(self, wish: Wish) -> None:
        """It waits on."""

    def freed(self, rows: Iterable[int]) -> None:
        """Something may fit."""
        self._news = True

    def again(self) -> None:
        """Nothing is known."""
        self._news = True

    def moved(self) -> None:
        """What goes as one, and what planners see that do not go one by one, may fit."""
        self._news = self._news or any(may_fit_later(wish) for _, wish in self._line)

    def alike(self, wish: Wish) -> Hashable:
        """Each is another."""
        return wish.request.id

    def batch(self, context: Context) -> list[Wish]:
        """All, unless nothing became possible since they were asked about."""
        return [wish for _, wish in self._line] if self._news else []

    def last(self) -> bool:
        """A batch is all there is."""
        return True

    def done(self) -> None:
        """Nothing is left of it."""

    def settled(self) -> None:
        """Until something becomes possible, nothing is asked."""
        self._news = False


class MayFit:
    """One after the other in the strategy's order; of a class only while there may be room on what was freed since the class
    was found to fit nowhere.

    A planner that goes one by one, in an order that holds for any two, places the same whether it is asked about all at
    once or about one at a time, each placed before the next.
    """

    unfinished = False

    def __init__(self, cluster: Cluster, strategy: Strategy) -> None:
        self._cluster = cluster
        self._keys = [LASTING[order] for order in strategy.order]
        self._added = 0
        self._static_version = cluster.static_version
        self._place: dict[Hashable, Place] = {}
        self._queues: dict[RequestClass, list[tuple[Place, Wish]]] = {}
        """Per class of which a request waits, its line."""
        self._sizes: dict[RequestClass, tuple[float, float]] = {}
        self._full: set[RequestClass] = set()
        """Classes that fit nowhere but perhaps on freed rows."""
        self._freed = FreedRows(cluster)
        self._anything = False
        """Nodes have changed: nothing is known of any class."""
        self._news = False
        self._heads: list[tuple[Place, RequestClass]] = []
        """In a round of questions: the first of each class that may be asked about, as a heap."""
        self._asking: RequestClass | None = None

    def __len__(self) -> int:
        return len(self._place)

    def add(self, wish: Wish) -> None:
        """It joins the line of its class."""
        self._added += 1
        request = wish.request
        asked = request.request_class
        place = self._place[request.id] = (
            *[key(request) for key in self._keys],
            *self._size(request),
            request.arrival,
            request.unit or 0,
            self._added,
        )
        queue = self._queues.get(asked)
        if queue is None:
            self._queues[asked] = [(place, wish)]
        else:
            insort(queue, (place, wish))
        self._news = self._news or asked not in self._full

    def remove(self, wish: Wish) -> bool:
        """It leaves the line of its class. Of a class of which no request waits, nothing is known."""
        asked = wish.request.request_class
        place = self._place.pop(wish.request.id)
        queue = self._queues[asked]
        if len(queue) == 1:
            del self._queues[asked]
            self._full.discard(asked)
            return True
        del queue[_at(queue, place)]
        if asked == self._asking:
            heappush(self._heads, (queue[0][0], asked))
        return False

    def refused(self, wish: Wish) -> None:
        """So its class fits nowhere."""
        self._full.add(wish.request.request_class)

    def freed(self, rows: Iterable[int]) -> None:
        """Something may fit there. Where nothing waits this need not be known: nothing is assumed of what comes."""
        if self._queues:
            self._freed.add(rows)
            self._news = True

    def again(self) -> None:
        """All classes are asked about once."""
        if self._static_version != self._cluster.static_version:
            self._line_up()
        self._anything = self._news = True

    def moved(self) -> None:
        """With less free, none fits that did not."""

    def alike(self, wish: Wish) -> Hashable:
        """Those of a class."""
        return wish.request.request_class

    def batch(self, context: Context) -> list[Wish]:
        """The next in the strategy's order that may fit."""
        if not self._news:
            return []
        if self._asking is None:
            self._heads = [(queue[0][0], asked) for asked, queue in self._queues.items() if self._may_fit(asked)]
            heapify(self._heads)
        while self._heads:
            _, asked = heappop(self._heads)
            if self._may_fit(asked):
                self._asking = asked
                return [self._queues[asked][0][1]]
        self._freed.clear()
        self._anything = self._news = False
        self._asking = None
        return []

    def last(self) -> bool:
        """No other class may fit, and of the one that is asked about no other request waits."""
        return not self._heads and self._asking is not None and len(self._queues[self._asking]) == 1

    def done(self) -> None:
        """Nothing is left of it."""

    def settled(self) -> None:
        """What was placed has left."""

    def _line_up(self) -> None:
        """Which of two requests is larger depends on the nodes, and these have changed."""
        self._static_version = self._cluster.static_version
        self._sizes.clear()
        self._freed.forget_classes()
        waiting = [wish for _, wish in sorted((pair for queue in self._queues.values() for pair in queue), key=_added)]
        self._queues.clear()
        self._place.clear()
        for wish in waiting:
            self.add(wish)

    def _size(self, request: Request) -> tuple[float, float]:
        """Of two requests that the order holds equal, the larger goes first, as `in_order` has it."""
        found = self._sizes.get(request.request_class)
        if found is None:
            devices, shares = sizes([request], self._cluster)
            found = self._sizes[request.request_class] = (-float(devices[0]), -float(shares[0]))
        return found

    def _may_fit(self, asked: RequestClass) -> bool:
        if self._anything or asked not in self._full:
            return True
        return self._freed.may_fit(asked)


def _at(line: list[tuple[Place, Wish]], place: Place) -> int:
    """The index of a place in a line. No two places are equal, so that wishes are never compared."""
    return bisect_left(line, (place,))


def _added(pair: tuple[Place, Wish]) -> int:
    return int(pair[0][-1])


def may_leave_out(wish: Wish) -> bool:
    """Whether leaving requests out of a batch that found no place changes nothing for the others, as far as this one is
    concerned: its planner goes one by one, its order lasts, and it is in no gang."""
    return goes_alone(wish) and wish.request.gang is None


def may_fit_later(wish: Wish) -> bool:
    """Whether a request that found no place may find one though less is free: of a gang, one that is placed elsewhere may leave
    room for the next, and a planner that does not go one by one may leave room that it does not see."""
    return wish.request.gang is not None or not isinstance(wish.strategy.planner, _MAXIMAL)
