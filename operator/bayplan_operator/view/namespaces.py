"""The labels of the namespaces, which the namespace selectors of pods' terms and of queues go by."""

from collections.abc import Callable, Sequence

from bayplan.cluster.cluster import Cluster
from bayplan_operator.kube import wire


class NamespaceStore:
    """Takes in namespaces, and tells the library's cluster once their labels have changed."""

    def __init__(self, cluster: Cluster, on_change: Callable[[], None]) -> None:
        self._cluster, self._on_change = cluster, on_change
        self._labels: dict[str, dict[str, str]] = {}
        self._told: dict[str, dict[str, str]] = {}

    def replace(self, items: Sequence[wire.NamespaceObject], version: int) -> None:
        """All namespaces there were at ``version``."""
        self._labels = {each.metadata.name: each.metadata.labels for each in items}

    def apply(self, item: wire.NamespaceObject) -> None:
        """A namespace is new or has changed."""
        self._labels[item.metadata.name] = item.metadata.labels

    def remove(self, item: wire.NamespaceObject) -> None:
        """A namespace is gone."""
        self._labels.pop(item.metadata.name, None)

    def flush(self) -> None:
        """Tell the cluster, if labels are other than before, and that there may be news."""
        if self._labels != self._told:
            self._told = dict(self._labels)
            self._cluster.neighbours.set_namespaces(self._told)
            self._on_change()
