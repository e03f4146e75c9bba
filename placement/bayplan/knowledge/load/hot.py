"""Nodes that are too busy to get anything more, whatever is requested of them."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.hot import Hot
from bayplan.knowledge.load.estimate import LoadEstimate
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-9
"""A sum of shares that would be the threshold is not below it by the way it was added up."""


@dataclass(frozen=True, slots=True)
class HotNodes:
    """Judges nodes by what their own readings prove. A node is hot while that is at the threshold or above, both as it
    counts by its age and in full: neither what is only requested nor what others show makes a node hot, and a node
    whose reading ages cools down."""

    load: LoadEstimate
    thresholds: Hot

    def rows(self, cluster: Cluster, rows: IntArray) -> BoolArray:
        """Per row given: it is hot. O(rows)."""
        limits, _, counted = self._judged(cluster, rows)
        return np.asarray((counted >= limits).any(axis=1))

    def first(self, cluster: Cluster, rows: IntArray) -> list[tuple[str, FloatArray]]:
        """Per resource: its name, and the shares of the rows given of which it is the first that is hot."""
        limits, names, counted = self._judged(cluster, rows)
        over = counted >= limits
        first = np.where(over.any(axis=1), over.argmax(axis=1), -1)
        return [(name, counted[first == number, number]) for number, name in enumerate(names) if (first == number).any()]

    def _judged(self, cluster: Cluster, rows: IntArray) -> tuple[FloatArray, list[str], FloatArray]:
        known = [(name, share) for name, share in self.thresholds if name in self.load.resources]
        columns = [self.load.resources.index(name) for name, _ in known]
        shares = self.load.proven(cluster, rows)[:, columns]
        return np.array([share - _ROUNDING for _, share in known]), [name for name, _ in known], shares
