"""Which queue's first request goes next, over the tree of queues."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any

from bayplan.admission.line.places import Place

ROOT = -1
Share = Callable[[int], tuple[float, ...]]
"""Of a queue whose parent compares shares: its share, and what decides between equal ones; the lower goes first."""


class Contest:
    """Heads of queues, compared pair by pair up the tree. O(depth x log queues) per change.

    Where a parent compares shares, the child with the lowest goes first; elsewhere the child with the first request. The
    requests of a queue that has children are beside these like those of one more child.
    """

    def __init__(self, parents: Sequence[int], fair: Mapping[int, bool], share: Share) -> None:
        """`fair`: whether a queue compares the shares of its children; for the queues without a parent, that of `ROOT`."""
        self._parents, self._fair, self._share = parents, fair, share
        self._heaps: dict[int, list[tuple[Place, int, int]]] = {}
        """Per parent: key, stamp and child; of a parent's own requests the child is -2 minus the parent."""
        self._stamps: dict[int, int] = {}
        self._best: dict[int, Place] = {}
        """Per child that has any, the place of the first below it, as among queues."""
        self._stamp = 0

    def begin(self, heads: Iterable[tuple[int, Place]]) -> None:
        """A new round, between these queues, by their first requests."""
        self._heaps, self._stamps, self._best = {}, {}, {}
        for queue, head in heads:
            self.change(queue, head)

    def first(self) -> int:
        """The queue whose first request goes next; `ROOT`: there is none."""
        node = ROOT
        while True:
            heap = self._heaps.get(node)
            if not heap:
                return ROOT
            child = heap[0][2]
            if child < ROOT:
                return -2 - child
            node = child

    def change(self, queue: int, head: Place | None) -> None:
        """A queue has another first request, or none; or what decides between its ancestors' shares has changed."""
        child, node = -2 - queue, queue
        while True:
            self._put(node, child, head)
            if node == ROOT:
                return
            head = self._head(node)
            child, node = node, self._parents[node]

    def _put(self, node: int, child: int, head: Place | None) -> None:
        self._stamp += 1
        self._stamps[child] = self._stamp
        heap = self._heaps.setdefault(node, [])
        if head is None:
            self._best.pop(child, None)
        else:
            self._best[child] = head
            key: tuple[Any, ...] = self._share(child if child > ROOT else -2 - child) if self._fair.get(node) else head
            heappush(heap, ((*key, child) if self._fair.get(node) else key, self._stamp, child))
        while heap and self._stamps[heap[0][2]] != heap[0][1]:
            heappop(heap)

    def _head(self, node: int) -> Place | None:
        heap = self._heaps[node]
        return self._best[heap[0][2]] if heap else None
