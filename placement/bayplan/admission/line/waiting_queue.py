"""The requests of one queue that may have a place, by lane."""

from heapq import heapify, heappop, heappush

from bayplan.admission.line.lane import Lane
from bayplan.admission.line.places import LineStanding, Place, among_queues


class WaitingQueue:
    """Its open lanes, in the order of their first requests."""

    def __init__(self) -> None:
        self.open: dict[Lane, None] = {}
        self._heads: list[tuple[float, Place, Lane]] = []
        self._now = 0.0

    def begin(self, now: float) -> None:
        """A new round of questions. O(open lanes)."""
        self._now = now
        for lane in self.open:
            lane.settle(now)
        self._heads = [_entry(lane, now) for lane in self.open if len(lane)]
        heapify(self._heads)

    def reopen(self, lane: Lane) -> None:
        """In mid-round, a lane is to be looked at once more."""
        self.open[lane] = None
        lane.settle(self._now)
        heappush(self._heads, _entry(lane, self._now))

    def first(self) -> tuple[Lane, LineStanding] | None:
        """The lane of its first request, and this; none: no open lane has any."""
        while self._heads:
            points, rest, lane = self._heads[0]
            heappop(self._heads)
            if self._heads and self._heads[0] == (points, rest, lane):
                continue
            if lane not in self.open or not len(lane):
                continue
            standing = lane.first(self._now)
            heappush(self._heads, (standing.points, standing.rest, lane))
            if (standing.points, standing.rest) == (points, rest):
                return lane, standing
        return None

    def head(self) -> Place | None:
        """Its first request, as among queues."""
        found = self.first()
        return None if found is None else among_queues(found[1].wish, found[1].rest[-1])


def _entry(lane: Lane, now: float) -> tuple[float, Place, Lane]:
    standing = lane.first(now)
    return standing.points, standing.rest, lane
