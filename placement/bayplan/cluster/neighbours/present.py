"""The pods that are there, found by a label of theirs."""

from collections.abc import Iterable, Iterator

from bayplan.cluster.neighbours.index import Matcher, demanded
from bayplan.model.neighbour import Neighbour

Standing = tuple[int, bool, bool]
"""The row of a pod, whether it is bound, and whether it is being deleted."""


class Present:
    """Pods that are alike count together."""

    def __init__(self) -> None:
        self._pods: dict[Neighbour, dict[Standing, int]] = {}
        self._by_label: dict[tuple[str, str], dict[Neighbour, None]] = {}

    def add(self, pod: Neighbour, standing: Standing, sign: int) -> None:
        """One more is there (sign 1), or one less (sign -1). O(labels)."""
        standings = self._pods.get(pod)
        if standings is None:
            standings = self._pods[pod] = {}
            for label in pod.labels:
                self._by_label.setdefault(label, {})[pod] = None
        count = standings.get(standing, 0) + sign
        if count:
            standings[standing] = count
            return
        standings.pop(standing, None)
        if not standings:
            del self._pods[pod]
            for label in pod.labels:
                alike = self._by_label[label]
                del alike[pod]
                if not alike:
                    del self._by_label[label]

    def candidates(self, matcher: Matcher) -> Iterator[tuple[Neighbour, Iterable[tuple[Standing, int]]]]:
        """Pods that may be of a matcher, and how many of them stand where. O(pods with a label that it demands)."""
        labels = demanded(matcher)
        if labels:
            pods: Iterable[Neighbour] = {pod: None for label in labels for pod in self._by_label.get(label, ())}
        else:
            pods = self._pods
        for pod in pods:
            yield pod, self._pods[pod].items()
