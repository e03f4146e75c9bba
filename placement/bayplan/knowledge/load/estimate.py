"""The load of each node as it is expected to be once everything that was placed there shows."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load.parts import Part
from bayplan.model.arrays import FloatArray, IntArray


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
    part of what has been placed (and what has gone) since. By the node's own reading, its load is

        max(m - v, 0) + min(m / v, 1) min(u, v) + max(u - v, 0)  =  u + h - i min(u, v)

    what no request explains (h), what those that showed use of what they asked for (i of it is idle), and the unseen
    part in full. While nothing has gone (u >= v) that is m + (u - v), measured plus unseen; it is never below 0.
    A reading of weight w counts w. The missing 1 - w is u + H - I min(u, V): as other nodes make likely, see
    `others_part`; V is v as of the newest reading of any node. Where none tells anything, H = I = 0: requests alone.
    """

    frame: Frame
    measured: FloatArray
    """Shape (nodes + 1, resources): m; the last row stands for every other node."""
    weight: FloatArray
    """Same shape: from 0 (no reading, or a stale one) to 1."""
    own: Part
    """Same shape: by the node's own reading."""
    others: Part
    """Same shape: by those of others."""
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
        place, requested = self._requested(cluster, rows, asked)
        weight = self.weight[place]
        beyond = weight * self.own.beyond(place, requested) + (1.0 - weight) * self.others.beyond(place, requested)
        return np.asarray(requested + beyond)

    def proven(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): what the node's own reading proves, however others fare; 0 where it has none.

        The lower of it in full and with requests alone in place of what it misses by its age.
        """
        place, requested = self._requested(cluster, rows, None)
        beyond, weight = self.own.beyond(place, requested), self.weight[place]
        return np.where(weight > 0, requested + np.minimum(beyond, weight * beyond), 0.0)

    def hidden(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): w h + (1 - w) H, the share that no request explains."""
        return self._joined(cluster, rows, self.own.hidden, self.others.hidden)

    def deviation(self, cluster: Cluster, rows: IntArray) -> FloatArray:
        """Shape (rows, resources): standard deviation of the share in use, its own and that of others by the same weights."""
        return self._joined(cluster, rows, self.own.deviation, self.others.deviation)

    def amounts(self, cluster: Cluster, columns: IntArray, amounts: IntArray) -> FloatArray:
        """Shape (resources,): amounts given by columns of the cluster, 0 for what is not among them."""
        _, of_resource = self._mapped(cluster)
        given = dict(zip(columns.tolist(), amounts.tolist(), strict=True))
        return np.array([given.get(column, 0) for column in of_resource.tolist()], np.float64)

    def columns(self, cluster: Cluster) -> IntArray:
        """Shape (resources,): the cluster's column of each, -1 where it has none."""
        return self._mapped(cluster)[1]

    def _joined(self, cluster: Cluster, rows: IntArray, own: FloatArray, others: FloatArray) -> FloatArray:
        place = self._mapped(cluster)[0][rows]
        weight = self.weight[place]
        return np.asarray(weight * own[place] + (1.0 - weight) * others[place])

    def _requested(self, cluster: Cluster, rows: IntArray, asked: FloatArray | None) -> tuple[IntArray, FloatArray]:
        """Places in the columns here, and what is requested as shares of the nodes."""
        place, columns = self._mapped(cluster)
        requested = np.zeros((len(rows), len(columns)))
        known = np.flatnonzero(columns >= 0)
        at = (rows[:, None], columns[known])
        more = 0.0 if asked is None else asked[known]
        requested[:, known] = (cluster.used[at] + more) / np.maximum(cluster.allocatable[at], 1)
        return place[rows], requested

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
