"""What was placed, and what has gone, too recently to show in a reading."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load.model import LoadModel
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.resources import Resources, bounded


class RecentUsage:
    """Follows how much of each row is requested, and says how much of that a reading of any instant does not show.

    Load rises as L(t) = sum p_i (1 - exp(-lambda t)) (`LoadModel`). So of a placement p made at s, a reading
    taken at r shows p (1 - exp(-lambda (r - s))) if r > s, else nothing; unseen is p exp(-lambda max(r - s, 0)). What ends
    is a placement of -p: load falls the way it rose. The sum over all changes is kept as of one instant, and only
    later ones are remembered one by one; changes that were there before the first look count as seen.
    """

    def __init__(self, model: LoadModel) -> None:
        self._model = model
        self._names: list[str] = []
        self._used: FloatArray = np.zeros((0, 0))
        """Shape (rows, resources of the cluster): what was requested at the last look."""
        self._unseen: FloatArray = np.zeros((0, 0))
        """Same shape: of what changed until `_until`, what a reading of that instant would not show."""
        self._until = -np.inf
        self._later: list[tuple[float, IntArray, FloatArray]] = []
        """Instant, rows and amounts of later changes."""
        self._position = self._static = -1

    def follow(self, cluster: Cluster, now: float) -> None:
        """Look at what has changed since the last look; it counts as changed now. O(changed rows).

        Changes older than a reading may be are put together, so that memory stays bounded without readings.
        """
        if cluster.static_version != self._static:
            self._fit(cluster)
        changed = cluster.changes.since(self._position)
        self._position = cluster.changes.position
        rows = np.arange(cluster.rows) if changed is None else np.array(changed, np.int64)
        amounts = cluster.used[rows] - self._used[rows]
        moved = amounts.any(axis=1)
        if moved.any():
            rows = rows[moved]
            self._later.append((now, rows, amounts[moved]))
            self._used[rows] = cluster.used[rows]
        if self._later and self._later[0][0] < now - self._model.stale - self._model.delay:
            self.settle(now - self._model.stale)

    def remember(self, cluster: Cluster, node: str, resources: Resources, at: float) -> None:
        """Something that is counted already was placed as late as this: for what runs when a program is restarted."""
        row = cluster.row(node)
        if row is None:
            return
        if cluster.static_version != self._static:
            self._fit(cluster)
        amounts = np.array([[bounded(resources.get(name, 0)) for name in cluster.resources]], np.float64)
        if at <= self._until:
            self._unseen[row] += amounts[0] * self._model.unseen(np.array(self._until - at))
        else:
            self._later.append((at, np.array([row]), amounts))

    def unseen(self, at: float) -> FloatArray:
        """Shape (rows, resources): of what is requested now, the amounts that a reading taken at `at` does not show.

        Negative where more has gone than come. `at` must not be before the instant last settled. O(rows + later changes).
        """
        found = self._faded(at)
        for when, rows, amounts in self._later:
            np.add.at(found, rows, amounts * self._model.unseen(np.array(at - when)))
        return found

    def settle(self, at: float) -> None:
        """No earlier instant will be asked about: changes that had begun to show by then are put together."""
        if at <= self._until:
            return
        begun = [each for each in self._later if each[0] + self._model.delay <= at]
        self._unseen = self._faded(at)
        for when, rows, amounts in begun:
            np.add.at(self._unseen, rows, amounts * self._model.unseen(np.array(at - when)))
        self._later = [each for each in self._later if each[0] + self._model.delay > at]
        self._until = at

    def _faded(self, at: float) -> FloatArray:
        if not np.isfinite(self._until):
            return self._unseen.copy()
        return np.asarray(self._unseen * np.exp(-self._model.rate * max(at - self._until, 0.0)))

    def _fit(self, cluster: Cluster) -> None:
        """Rows and resources as in the cluster; of a row that is another node now, nothing is known."""
        shape = cluster.used.shape
        if shape != self._used.shape:
            self._used, self._unseen = _grown(self._used, shape), _grown(self._unseen, shape)
            self._later = [(when, rows, _grown(amounts, (len(rows), shape[1]))) for when, rows, amounts in self._later]
        names = self._names + [""] * (cluster.rows - len(self._names))
        other = [row for row, name in enumerate(cluster.names) if names[row] != name]
        self._used[other] = cluster.used[other]
        self._unseen[other] = 0.0
        for _, rows, amounts in self._later:
            amounts[np.isin(rows, other)] = 0.0
        self._names, self._static = list(cluster.names), cluster.static_version
        if self._position < 0:
            self._position = cluster.changes.position


def _grown(table: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    grown = np.zeros(shape)
    grown[: table.shape[0], : table.shape[1]] = table
    return grown
