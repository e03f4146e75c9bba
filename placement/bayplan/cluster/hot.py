"""Nodes that are too busy to get anything more: the thresholds, and what filters ask of the one that knows the load."""

from collections.abc import Mapping
from typing import Protocol

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

Hot = tuple[tuple[str, float], ...]
"""Resource and share from which on a node is hot; sorted by name, so that equal thresholds are equal."""


def hot_thresholds(thresholds: Mapping[str, float]) -> Hot:
    """From a map of resource to share. Raises `ValueError`."""
    for resource, share in thresholds.items():
        if not 0 < share <= 1:
            raise ValueError(f"hot[{resource}] is {share:g}: it must be a share above 0, at most 1")
    return tuple(sorted((resource, float(share)) for resource, share in thresholds.items()))


class HotJudge(Protocol):
    """Judges which nodes are hot; `knowledge.load.HotNodes` does it by measured load."""

    def rows(self, cluster: Cluster, rows: IntArray) -> BoolArray:
        """Shape (rows,): the node of the row is hot."""
        ...

    def first(self, cluster: Cluster, rows: IntArray) -> list[tuple[str, FloatArray]]:
        """Per resource: its name, and the shares of the rows of which it is the first resource that is hot."""
        ...
