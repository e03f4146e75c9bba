"""Pods of ours that scheduling gates hold back, and for how long their nodes keep room for them."""

from collections.abc import Callable
from heapq import heappop, heappush

from bayplan_operator.kube import wire
from bayplan_operator.translate.own_pod import PodKey

GRACE = 10.0
"""Seconds for which a gated pod holds room. A queue that admits it at once finds the room there; kube-scheduler counts no gated
pod, so what waits for longer must not keep others from the node."""


class Gated:
    """By key, those that are gated, to when they hold no room any more. O(log gated pods) for each change."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[PodKey, float] = {}
        self._heap: list[tuple[float, PodKey]] = []
        """Those that hold room; what `_until` does not say is left over."""

    def holds_room(self, key: PodKey, pod: wire.Pod) -> bool:
        """Whether a pod counts on the node that it is meant for; its grace begins when it is first seen gated."""
        if not pod.spec.scheduling_gates:
            self.drop(key)
            return True
        if key not in self._until:
            self._until[key] = self._clock() + GRACE
            heappush(self._heap, (self._until[key], key))
        return self._clock() < self._until[key]

    def drop(self, key: PodKey) -> None:
        """The pod is gone, or not gated any more."""
        self._until.pop(key, None)

    def expired(self, now: float) -> list[PodKey]:
        """Those whose grace is over since this was last asked."""
        found = []
        while self._heap and (self._heap[0][0] <= now or self._until.get(self._heap[0][1]) != self._heap[0][0]):
            until, key = heappop(self._heap)
            if self._until.get(key) == until:
                found.append(key)
        return found

    @property
    def next_at(self) -> float | None:
        """When the next grace may be over; ``None``: no gated pod holds room."""
        return self._heap[0][0] if self._heap else None
