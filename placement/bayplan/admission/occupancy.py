"""What occupies the nodes, in columns: whose queue, since when, and until when it is expected to."""

from collections.abc import Hashable

import numpy as np

from bayplan.admission.columns import grown
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.occupant import Occupant, Tenant
from bayplan.model.run_law import RunLaw, medians_left

_UNKNOWN = np.inf, 0.0, np.inf


class Occupancy:
    """Follows a cluster: O(occupants of the rows that have changed)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._position, self._retold = -1, 0
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
        self._since = np.zeros(0)
        self._evictable = np.zeros(0, bool)
        self._leaving = np.zeros(0, bool)
        self._priority = np.zeros(0, np.int64)
        self._medians: tuple[float, FloatArray] | None = None
        """As of an instant, while nothing changes."""
        self._law = np.zeros((0, 3))
        """Median, sigma and bound of the run time; an infinite median: it is not known."""
        self.occupants: list[Occupant | None] = []
        """By slot."""
        self.keys: list[Hashable] = []
        """By slot; of a free one, of what was there."""

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
    def since(self) -> FloatArray:
        """Since when it runs, in seconds since the epoch."""
        return self._since[: self._count]

    @property
    def laws(self) -> FloatArray:
        """Median, sigma and bound of the run time; an infinite median: it is not known. Shape (slots, 3)."""
        return self._law[: self._count]

    @property
    def evictable(self) -> BoolArray:
        """Something is there that may be evicted, and is not being deleted already."""
        return self._evictable[: self._count]

    @property
    def leaving(self) -> BoolArray:
        """Something is there that is being deleted."""
        return self._leaving[: self._count]

    @property
    def priority(self) -> IntArray:
        """Its priority; 0: it has none."""
        return self._priority[: self._count]

    def slot(self, key: Hashable) -> int:
        """Where an occupant is, by its key; -1: it is not there any more."""
        return self._slots.get(key, -1)

    def medians(self, now: float) -> FloatArray:
        """When each is expected to end, in seconds since the epoch, not before now; infinite: not known. Shape (slots,); not to
        be written."""
        if self._medians is not None and self._medians[0] == now:
            return self._medians[1]
        count = self._count
        since, law = self._since[:count], self._law[:count]
        found = np.maximum(since + np.minimum(law[:, 0], law[:, 2]), now)
        drawn = np.flatnonzero((law[:, 1] > 0) & self.there)
        if len(drawn):
            found[drawn] = np.maximum(since[drawn] + medians_left(law[drawn], np.maximum(now - since[drawn], 0.0)), now)
        self._medians = now, found
        return found

    def sure(self, slot: int) -> bool:
        """Whether all quantiles of its end are one instant."""
        return bool(self._law[slot, 1] == 0)

    def ends(self, slot: int, parts: FloatArray, now: float) -> FloatArray:
        """Quantiles of when one ends, given that it still runs. `parts`: from 0 to 1; the same shape."""
        median, sigma, most = self._law[slot].tolist()
        if not np.isfinite(median):
            return np.full(parts.shape, np.inf if not np.isfinite(most) else max(now, self._since[slot] + most))
        since = float(self._since[slot])
        return np.maximum(since + RunLaw(median, sigma, most).quantiles(parts, max(now - since, 0.0)), now)

    def step(self) -> None:
        """Take in what has come, gone or changed."""
        cluster = self._cluster
        position, retold = cluster.changes.position, cluster.retold.position
        if (position, retold, cluster.static_version) == (self._position, self._retold, self._static_version):
            return
        changed = cluster.changes.since(self._position) if self._position >= 0 else None
        others = cluster.retold.since(self._retold)
        self._position, self._retold, self._static_version = position, retold, cluster.static_version
        self._medians = None
        rows = range(cluster.rows) if changed is None or others is None else dict.fromkeys([*changed, *others])
        for row in rows:
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
                self._there[slot] = self._evictable[slot] = self._leaving[slot] = False
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
            self.keys.append(None)
            if slot >= len(self._there):
                size = max(64, 2 * slot)
                self._there, self._row = grown(self._there, size), grown(self._row, size)
                self._queue, self._since = grown(self._queue, size), grown(self._since, size)
                self._law, self._priority = grown(self._law, size), grown(self._priority, size)
                self._evictable, self._leaving = grown(self._evictable, size), grown(self._leaving, size)
        tenant = occupant.tenant
        self._slots[key] = slot
        self._there[slot], self._row[slot] = True, row
        self._queue[slot] = _queue(occupant, self._cluster.quotas.limits.numbers)
        self._since[slot], self._law[slot] = _run(tenant)
        self._leaving[slot] = tenant is not None and tenant.leaving
        self._evictable[slot] = tenant is not None and tenant.stake is not None and not tenant.leaving
        self._priority[slot] = 0 if tenant is None else tenant.priority or 0
        self.keys[slot] = key
        self.occupants[slot] = occupant


def _run(tenant: Tenant | None) -> tuple[float, tuple[float, float, float]]:
    """Since when it runs, and the law of its run time."""
    if tenant is None:
        return 0.0, _UNKNOWN
    since, law = tenant.since or 0.0, tenant.run
    if law is not None:
        return since, (law.median, law.sigma, law.most)
    if tenant.expected_end is None:
        return since, _UNKNOWN
    return since, (max(tenant.expected_end - since, 1e-9), 0.0, np.inf)


def _queue(occupant: Occupant, numbers: dict[str, int]) -> int:
    tenant = occupant.tenant
    return -1 if tenant is None or tenant.queue is None else numbers.get(tenant.queue, -1)
