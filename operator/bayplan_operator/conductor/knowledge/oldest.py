"""Which of many was used longest ago."""

from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K")


class Oldest(Generic[K]):
    """Keys by the instant of their last use; of equally old ones the smallest. O(log keys) for each use."""

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._heap: list[tuple[float, K]] = []
        """What `_at` does not say is left over."""

    def __len__(self) -> int:
        return len(self._at)

    def at(self, key: K) -> float:
        """When a key was last used. Raises ``KeyError`` for one that is not there."""
        return self._at[key]

    def used(self, key: K, at: float) -> None:
        """A key is used at an instant."""
        if self._at.get(key) == at:
            return
        self._at[key] = at
        heappush(self._heap, (at, key))
        if len(self._heap) > 4 * len(self._at) + 100:
            self._heap = [(at, key) for key, at in self._at.items()]
            heapify(self._heap)

    def drop(self, key: K) -> None:
        """There is no such key any more."""
        self._at.pop(key, None)

    def find(self) -> K:
        """The one that was used longest ago. Raises ``IndexError`` where there is none."""
        while self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][1]
