"""Requests of one queue that are alike: where one of them has no place, none has."""

from bisect import bisect_left, insort
from collections.abc import Hashable
from heapq import heappop, heappush

from bayplan.admission.line.places import LineStanding, Place
from bayplan.admission.queue import Ageing
from bayplan.strategy.wish import Wish

_NO_AGEING = Ageing(0.0, 0.0)
_HOUR = 3600.0


class Lane:
    """In the order of their queue. O(log requests) per change, but for moving references.

    Two lists: requests that still gain by age, compared as of the instant 0, and those that gain no more.
    """

    def __init__(self, key: Hashable, queue: int, wish: Wish, ageing: Ageing | None) -> None:
        """`queue`: its number; `wish`: any of those that it is for."""
        request = wish.request
        self.key, self.queue, self.name, self.asked = key, queue, request.queue, request.request_class
        self.gang = None if request.gang is None else request.gang.id
        self.mixed = False
        """The members of a gang ask for different things: what is known of one says little of the others."""
        self.by_graph = False
        """Its requests are of a graph that is charged as a whole, or of graphs alike that are to be."""
        self.near = False
        """Its places depend on pods nearby."""
        self.short: tuple[int, ...] | None = None
        """When it was asked about last and found no place: the quota rows of which too little was left; `None`: it was not, or
        nothing is known any more."""
        self.kept_out = False
        """When it was asked about last, promises ahead of it kept places."""
        self.told = False
        """It was said of it that only these keep it out."""
        self._ageing = _NO_AGEING if ageing is None else ageing
        self._per_second = self._ageing.per_hour / _HOUR
        self._gaining: list[LineStanding] = []
        self._settled: list[LineStanding] = []
        self._full: list[tuple[float, int, Hashable]] = []
        """When requests have gained all that they may, as a heap: the instant, when they joined, and which."""
        self._place: dict[Hashable, LineStanding] = {}

    def __len__(self) -> int:
        return len(self._place)

    @property
    def whole(self) -> Hashable | None:
        """Such a graph; `None`: graphs do not matter. The lane must not be empty."""
        return next(iter(self._place.values())).wish.request.graph if self.by_graph else None

    def add(self, wish: Wish, rest: Place) -> None:
        """It joins. A request that does not say since when it could have started gains nothing."""
        request = wish.request
        self.mixed = self.mixed or request.request_class != self.asked
        if self._per_second > 0 and self._ageing.ceiling > 0 and request.since is not None:
            points = -(request.priority - self._per_second * request.since)
            standing = LineStanding(points, rest, wish)
            insort(self._gaining, standing, key=_key)
            full = request.since + self._ageing.ceiling / self._per_second
            heappush(self._full, (full, rest[-1], request.id))
        else:
            standing = LineStanding(float(-request.priority), rest, wish)
            insort(self._settled, standing, key=_key)
        self._place[request.id] = standing

    def remove(self, wish: Wish) -> None:
        """It leaves."""
        standing = self._place.pop(wish.request.id)
        for line in (self._gaining, self._settled):
            at = bisect_left(line, _key(standing), key=_key)
            if at < len(line) and line[at] is standing:
                del line[at]
                return

    def settle(self, now: float) -> None:
        """Those that have gained all that they may gain no more. O(these x log requests)."""
        while self._full and self._full[0][0] <= now:
            _, joined, id_ = heappop(self._full)
            before = self._place.get(id_)
            if before is None or before.rest[-1] != joined:
                continue
            del self._gaining[bisect_left(self._gaining, _key(before), key=_key)]
            points = -(before.wish.request.priority + self._ageing.ceiling)
            after = self._place[id_] = LineStanding(points, before.rest, before.wish)
            insort(self._settled, after, key=_key)

    def first(self, now: float) -> LineStanding:
        """The first, with its points as they are now. The lane must not be empty."""
        gaining = None
        if self._gaining:
            head = self._gaining[0]
            gaining = LineStanding(head.points - self._per_second * now, head.rest, head.wish)
            if not self._settled:
                return gaining
        settled = self._settled[0]
        return settled if gaining is None or _key(settled) < _key(gaining) else gaining

    def ordered(self, now: float) -> list[LineStanding]:
        """All, in order, with their points as they are now. O(requests log requests)."""
        gained = self._per_second * now
        gaining = [LineStanding(each.points - gained, each.rest, each.wish) for each in self._gaining]
        return sorted([*gaining, *self._settled], key=_key)


def _key(standing: LineStanding) -> tuple[float, Place]:
    return standing.points, standing.rest
