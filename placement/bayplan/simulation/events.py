"""What happens on the virtual clock."""

import heapq
from enum import IntEnum


class Event(IntEnum):
    """Kinds of events, in the order in which those of one instant are handled; among equals, the lower number first.

    After all events of an instant, the graphs are advanced and what waits is placed, as in one tick of the operator.
    """

    REPAIR = 0
    """A node is back, empty. Number: of the crash."""
    END = 1
    """An attempt ends. Number: its row."""
    CRASH = 2
    """A node falls silent. Number: of the crash."""
    NOTICE = 3
    """It is called not ready. Number: of the crash."""
    LOSS = 4
    """It counts as lost for one policy. Number: of the loss."""
    BOUND = 5
    """A node has an attempt. Number: its row."""
    START = 6
    """An attempt begins to run. Number: its row."""
    ARRIVAL = 7
    """A graph is submitted. Number: of the submission."""
    WAKE = 8
    """A back-off is over. Number: of the submission."""
    SCRAPE = 9
    """Load is measured."""
    READING = 10
    """What was measured is known. Number: of the scrape."""
    EXPIRY = 11
    """A place is kept no longer for a unit that waits for it. Number: of the submission."""
    RENEWAL = 12
    """What was learned of run times may count."""
    EVICTED = 13
    """The grace of an attempt that is evicted is over. Number: its row."""
    DECISION = 14
    """What waits may have others evicted by now."""


class Agenda:
    """Events to come."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, int]] = []

    def add(self, at: float, kind: Event, number: int) -> None:
        """Something is going to happen."""
        heapq.heappush(self._heap, (at, kind, number))

    def __len__(self) -> int:
        """How many events are to come."""
        return len(self._heap)

    @property
    def next_at(self) -> float | None:
        """When something happens next."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> list[tuple[int, int]]:
        """Kind and number of all that happens at this instant, in order."""
        heap, pop = self._heap, heapq.heappop
        taken = []
        while heap and heap[0][0] == now:
            _, kind, number = pop(heap)
            taken.append((kind, number))
        return taken
