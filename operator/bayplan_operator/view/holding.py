"""Which queue each of our pods holds, and how many hold each."""

from collections import Counter

from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.translate.own_pod import PodKey


class Holding:
    """A pod holds the queue that its graph names. Where the graph is not known (yet, or any more), its label says which."""

    def __init__(self) -> None:
        self.pods: Counter[str] = Counter()
        """By queue, the pods that hold it: placed, and not over."""
        self._held: dict[PodKey, str] = {}
        self._named: dict[str, str] = {}
        """By UID of a graph."""

    def queue_of(self, graph_uid: str, said: str) -> str:
        """The queue of a graph's pod; `said`: what its label says."""
        return self._named.get(graph_uid) or said or DEFAULT_QUEUE

    def name(self, graph_uid: str, queue: str) -> bool:
        """A graph names its queue; answers whether that is news."""
        before = self._named.get(graph_uid)
        self._named[graph_uid] = queue
        return before != queue

    def forget(self, graph_uid: str) -> None:
        """The graph is over or gone: what is left of its pods says itself which queue it holds."""
        self._named.pop(graph_uid, None)

    def note(self, key: PodKey, queue: str | None) -> None:
        """A pod holds a queue from now on; `None`: it holds none."""
        before = self._held.pop(key, None)
        if before is not None:
            self.pods[before] -= 1
            if not self.pods[before]:
                del self.pods[before]
        if queue is not None:
            self._held[key] = queue
            self.pods[queue] += 1

    def holds(self, key: PodKey) -> bool:
        """Whether a pod holds a queue."""
        return key in self._held
