"""Jobs in the order in which they came, in columns: as many as are still needed to foresee those that have not ended."""

from collections.abc import Hashable

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bench.lookalikes.link_rates import NOWHERE

WINDOW = 64
"""With so many jobs before it a job is compared."""
QUEUED, RUNNING, ENDED, GONE = range(4)
_SPARE = 1024


class JobTable:
    """Columns, rows first. `links`: per row and place in the window, nearest first, the class of the link."""

    def __init__(self) -> None:
        self.count = 0
        self.row: dict[Hashable, int] = {}
        """Of jobs that have not ended."""
        self._allocate(_SPARE)

    def _allocate(self, size: int) -> None:
        self.came, self.since = np.zeros(size), np.zeros(size)
        self.phase, self.kind = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.mean, self.square = np.zeros(size), np.zeros(size)
        """Of the log of the run's seconds: its first and second moment."""
        self.reach = np.ones(size)
        """Of how many waiting jobs, itself among them, what is expected hangs on this one."""
        self.informs = np.ones(size)
        """0 for jobs that went without having ended well: they say nothing."""
        self.links = np.full((size, WINDOW), NOWHERE, np.int64)

    def add(self, key: Hashable, came: float, kind: int) -> int:
        """A new row, queued. Rows move: none may be kept over this call."""
        if self.count == len(self.came):
            self._make_room()
        row = self.count
        self.count += 1
        self.row[key] = row
        self.came[row], self.kind[row], self.phase[row], self.reach[row], self.informs[row] = came, kind, QUEUED, 1.0, 1.0
        self.links[row] = NOWHERE
        return row

    def before(self, rows: IntArray) -> IntArray:
        """The rows in the window of each, shape (rows, WINDOW); where there is none, any."""
        return np.asarray(np.maximum(rows[:, None] - 1 - np.arange(WINDOW), 0))

    def weights(self, rows: IntArray, rates: FloatArray) -> tuple[IntArray, FloatArray]:
        """The rows in the window of each, and the rate at which it is like them; shape (rows, WINDOW)."""
        near = self.before(rows)
        return near, np.asarray(rates[self.links[rows]] * self.informs[near])

    def in_phase(self, phase: int) -> IntArray:
        """Rows, lowest first."""
        return np.flatnonzero(self.phase[: self.count] == phase)

    def _make_room(self) -> None:
        keep_from = max(0, min(self.row.values(), default=self.count) - WINDOW)
        keep_from = min(keep_from, self.count - min(self.count, WINDOW))
        kept = slice(keep_from, self.count)
        columns = ("came", "since", "phase", "kind", "mean", "square", "reach", "informs", "links")
        old = {name: getattr(self, name)[kept] for name in columns}
        self.count -= keep_from
        self._allocate(max(_SPARE, 2 * self.count))
        for name, values in old.items():
            getattr(self, name)[: self.count] = values
        self.row = {key: row - keep_from for key, row in self.row.items()}
