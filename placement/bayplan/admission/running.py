"""What occupies the nodes, in columns: whose queue, since when, and until when it is expected to."""

from collections.abc import Hashable

import numpy as np

from bayplan.admission.columns import grown
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.occupant import Occupant


class Running:
    """Follows a cluster: O(occupants of the rows that have changed)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._position = -1
        self._static_version = -1
        self._slots: dict[Hashable, int] = {}
        self._known: dict[int, dict[Hashable, Occupant]] = {}
        """Per row, what was seen there."""
        self._at: dict[Hashable, int] = {}
        """The row of each."""
        self._free: list[int] = []
        self._count = 0
        self._there = np.zeros(0, bool)
        self._row = np.zeros(0, np.int64)
        self._queue = np.zeros(0, np.int64)
        self._end = np.zeros(0)
        self.occupants: list[Occupant | None] = []
        """By slot."""

    # Columns, by slot; slots that are free are not `there`

    @property
    def there(self) -> BoolArray:
        """Something is there."""
        return self._there[: self._count]

    @property
    def row(self) -> IntArray:
        """The row of its node."""
        return self._row[: self._count]

    @property
    def queue(self) -> IntArray:
        """The number of its queue; -1: it is in none."""
        return self._queue[: self._count]

    @property
    def end(self) -> FloatArray:
        """When it is expected to end, in seconds since the epoch; infinite: not known."""
        return self._end[: self._count]

    def step(self) -> None:
        """Take in what has come, gone or changed."""
        cluster = self._cluster
        position = cluster.changes.position
        if position == self._position and cluster.static_version == self._static_version:
            return
        rows = cluster.changes.since(self._position) if self._position >= 0 else None
        self._position, self._static_version = position, cluster.static_version
        for row in range(cluster.rows) if rows is None else rows:
            self._look(row)

    def renumber(self) -> None:
        """Queues have other numbers."""
        numbers = self._cluster.quotas.limits.numbers
        for slot, occupant in enumerate(self.occupants):
            if occupant is not None:
                self._queue[slot] = _queue(occupant, numbers)

    # Inside

    def _look(self, row: int) -> None:
        there = self._cluster.occupants(self._cluster.names[row]) if self._cluster.names[row] else {}
        known = self._known.get(row, {})
        for key in [key for key in known if key not in there]:
            del known[key]
            if self._at.get(key) == row:  # it may be elsewhere by now
                del self._at[key]
                slot = self._slots.pop(key)
                self._there[slot] = False
                self.occupants[slot] = None
                self._free.append(slot)
        for key, occupant in there.items():
            if known.get(key) is not occupant:
                known[key] = occupant
                self._at[key] = row
                self._put(key, row, occupant)
        if known:
            self._known[row] = known
        else:
            self._known.pop(row, None)

    def _put(self, key: Hashable, row: int, occupant: Occupant) -> None:
        slot = self._slots.get(key, -1)
        if slot < 0 and self._free:
            slot = self._free.pop()
        elif slot < 0:
            slot = self._count
            self._count += 1
            self.occupants.append(None)
            if slot >= len(self._there):
                size = max(64, 2 * slot)
                self._there, self._row = grown(self._there, size), grown(self._row, size)
                self._queue, self._end = grown(self._queue, size), grown(self._end, size)
        tenant = occupant.tenant
        self._slots[key] = slot
        self._there[slot], self._row[slot] = True, row
        self._queue[slot] = _queue(occupant, self._cluster.quotas.limits.numbers)
        self._end[slot] = np.inf if tenant is None or tenant.expected_end is None else tenant.expected_end
        self.occupants[slot] = occupant


def _queue(occupant: Occupant, numbers: dict[str, int]) -> int:
    tenant = occupant.tenant
    return -1 if tenant is None or tenant.queue is None else numbers.get(tenant.queue, -1)
