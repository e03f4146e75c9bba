"""How much each figure has varied lately."""

from dataclasses import replace

import numpy as np

from bayplan.knowledge.load import Reading
from bayplan.model.arrays import FloatArray

MEMORY = 600.0
"""Seconds over which variance is taken: what is older counts e times less."""
_ENOUGH = 4
"""Figures before anything is said of their variance."""
_VARIANCE, _COUNT = 1, 3


class Spread:
    """Mean and variance per node and resource, exponentially weighted by age: of a figure x, t seconds after the last,
    a = 1 - exp(-t / MEMORY), d = x - mean, then mean += a d and variance = (1 - a) (variance + a d^2) (T. Finch,
    "Incremental calculation of weighted mean and variance", 2009, section 9)."""

    def __init__(self) -> None:
        self._nodes: tuple[str, ...] = ()
        self._resources: tuple[str, ...] = ()
        self._known: FloatArray = np.zeros((4, 0, 0))
        """Shape (4, nodes, resources): mean, variance, instant of the last figure, how many there were."""

    def added(self, reading: Reading) -> Reading:
        """The reading with variances; NaN where too little is known. O(nodes x resources)."""
        self._fit(reading)
        mean, variance, last, count = self._known
        there = np.isfinite(reading.values)
        begun = there & (count > 0) & (reading.at - last < MEMORY)
        step = np.where(begun, -np.expm1(-np.maximum(reading.at - last, 0.0) / MEMORY), 1.0)
        apart = np.where(begun, reading.values - mean, 0.0)
        known = np.array([
            np.where(begun, mean + step * apart, reading.values),
            np.where(begun, (1.0 - step) * (variance + step * apart**2), 0.0),
            np.full_like(last, reading.at),
            np.where(begun, count + 1, 1.0),
        ])  # fmt: skip
        self._known = np.where(there, known, self._known)
        said = there & (self._known[_COUNT] >= _ENOUGH)
        return replace(reading, variance=np.where(said, self._known[_VARIANCE], np.nan))

    def _fit(self, reading: Reading) -> None:
        """Rows and columns as in the reading; what it does not tell of any more is forgotten."""
        if (reading.nodes, reading.resources) == (self._nodes, self._resources):
            return
        known = np.zeros((4, *reading.values.shape))
        rows = {name: row for row, name in enumerate(self._nodes)}
        columns = {name: column for column, name in enumerate(self._resources)}
        kept = [(row, rows[name]) for row, name in enumerate(reading.nodes) if name in rows]
        for column, name in enumerate(reading.resources):
            if name in columns and kept:
                new, old = zip(*kept, strict=True)
                known[:, list(new), column] = self._known[:, list(old), columns[name]]
        self._nodes, self._resources, self._known = reading.nodes, reading.resources, known
