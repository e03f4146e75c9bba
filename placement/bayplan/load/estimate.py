"""The load of each node as it is expected to be once everything that was placed there shows."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from bayplan.arrays import FloatArray, IntArray
from bayplan.cluster import Cluster


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Which nodes and resources an estimate tells of; one object for as long as they stay the same."""

    nodes: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LoadEstimate:
    """Measured load, plus what has been placed since and does not show yet. Immutable, and equal only to itself.

    Of one node and resource: `m` was measured at an instant r, of which requests explain `v`; `u` is requested now, all as
    shares of the node. v = u(r) less what was then too recent to show (`RecentUsage`), so u - v is the unseen
    part of what has been placed (and what has gone) since. The estimate is

        max(m - v, 0) + min(m / v, 1) min(u, v) + max(u - v, 0)

    what no request explains, what those that showed use of what they asked for, and the unseen part in full. While
    nothing has gone (u >= v) that is m + (u - v), measured plus unseen; it is never below 0. A reading of weight w counts
    w, requests alone 1 - w.
    """

    frame: Frame
    measured: FloatArray
    """Shape (nodes + 1, resources): m; the last row stands for every other node."""
    variance: FloatArray
    """Same shape: of the measured share; 0 where it is not known."""
    shown: FloatArray
    """Same shape: v as an amount, in the cluster's units."""
    weight: FloatArray
    """Same shape: from 0 (no reading, or a stale one) to 1."""
    at: float
    """When the newest reading was taken, seconds since the epoch."""

    @property
    def revision(self) -> Hashable:
        """Changes with every estimate that says something else: scores depend on it. The estimate itself."""
        return self

    @property
    def resources(self) -> tuple[str, ...]:
        """What is measured, in the order of columns."""
        return self.frame.resources

    def of(self, cluster: Cluster, rows: IntArray, asked: FloatArray | None = None) -> FloatArray:
        """Shape (rows, resources): estimated share of the node in use; above 1 where more is asked for than there is.

        `asked`: amounts that are to be placed there beside what is, shape (resources,), see `amounts`. O(rows).
        """
        place, requested, shown = self._shares(cluster, rows, asked)
        return self._joined(place, requested, self._full(place, requested, shown))

    def measured_part(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): the estimate as if readings did not age; 0 where there is none."""
        place, requested, shown = self._shares(cluster, rows, None)
        return np.where(self.weight[place] > 0, self._full(place, requested, shown), 0.0)

    def hidden(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): max(m - v, 0), the measured share that no request explains, by the reading's weight."""
        place, _, shown = self._shares(cluster, rows, None)
        return np.asarray(np.maximum(self.measured[place] - shown, 0.0) * self.weight[place])

    def deviation(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): standard deviation of the measured share, by the reading's weight."""
        place, _ = self._mapped(cluster)
        at = place[rows]
        return np.asarray(np.sqrt(self.variance[at]) * self.weight[at])

    def amounts(self, cluster: Cluster, columns: IntArray, amounts: IntArray) -> FloatArray:
        """Shape (resources,): amounts given by columns of the cluster, 0 for what is not among them."""
        _, of_resource = self._mapped(cluster)
        given = dict(zip(columns.tolist(), amounts.tolist(), strict=True))
        return np.array([given.get(column, 0) for column in of_resource.tolist()], np.float64)

    def columns(self, cluster: Cluster) -> IntArray:
        """Shape (resources,): the cluster's column of each, -1 where it has none."""
        return self._mapped(cluster)[1]

    def _full(self, place: IntArray, requested: FloatArray, shown: FloatArray) -> FloatArray:
        measured = self.measured[place]
        explained = np.minimum(measured, shown)
        used = np.divide(explained, shown, out=np.zeros_like(shown), where=shown > 0)
        beyond = np.maximum(requested - shown, 0.0)
        return np.asarray(measured - explained + used * np.minimum(requested, shown) + beyond)

    def _joined(self, place: IntArray, requested: FloatArray, full: FloatArray) -> FloatArray:
        weight = self.weight[place]
        return np.asarray(weight * full + (1.0 - weight) * requested)

    def _shares(self, cluster: Cluster, rows: IntArray, asked: FloatArray | None) -> tuple[IntArray, FloatArray, FloatArray]:
        """Places in the columns here; what is requested and what of it has shown, as shares of the nodes."""
        place, columns = self._mapped(cluster)
        requested = np.zeros((len(rows), len(columns)))
        shown = np.zeros((len(rows), len(columns)))
        known = np.flatnonzero(columns >= 0)
        at = (rows[:, None], columns[known])
        capacity = np.maximum(cluster.allocatable[at], 1)
        more = 0.0 if asked is None else asked[known]
        requested[:, known] = (cluster.used[at] + more) / capacity
        shown[:, known] = self.shown[place[rows][:, None], known] / capacity
        return place[rows], requested, shown

    def _mapped(self, cluster: Cluster) -> tuple[IntArray, IntArray]:
        return cluster.static_memo(("load", self.frame), lambda: _mapping(self.frame, cluster))


def _mapping(frame: Frame, cluster: Cluster) -> tuple[IntArray, IntArray]:
    """Per row of the cluster its place here, the last one if it has none; per resource its column there, or -1."""
    places = {name: place for place, name in enumerate(frame.nodes)}
    columns = {name: column for column, name in enumerate(cluster.resources)}
    return (
        np.array([places.get(name, len(frame.nodes)) for name in cluster.names], np.int64),
        np.array([columns.get(name, -1) for name in frame.resources], np.int64),
    )
