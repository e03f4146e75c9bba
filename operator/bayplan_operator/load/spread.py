"""How much each figure has varied lately."""

import math
from dataclasses import dataclass, replace

import numpy as np

from bayplan.load import Reading

MEMORY = 600.0
"""Seconds over which variance is taken: what is older counts e times less."""
_ENOUGH = 4
"""Figures before anything is said of their variance."""


@dataclass(frozen=True, slots=True)
class _Known:
    mean: float
    variance: float
    at: float
    count: int = 1


class Spread:
    """Mean and variance per node and resource, exponentially weighted by age: of a figure x, t seconds after the last,
    a = 1 - exp(-t / MEMORY), d = x - mean, then mean += a d and variance = (1 - a) (variance + a d^2) (T. Finch,
    "Incremental calculation of weighted mean and variance", 2009, section 9)."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def added(self, reading: Reading) -> Reading:
        """The reading with variances; NaN where too little is known. O(nodes x resources)."""
        self._known = {key: known for key, known in self._known.items() if reading.at - known.at < MEMORY}
        variance = np.full(reading.values.shape, math.nan)
        for row, column in np.argwhere(np.isfinite(reading.values)).tolist():
            key = (reading.nodes[row], reading.resources[column])
            known = self._known[key] = self._next(key, float(reading.values[row, column]), reading.at)
            if known.count >= _ENOUGH:
                variance[row, column] = known.variance
        return replace(reading, variance=variance)

    def _next(self, key: tuple[str, str], value: float, at: float) -> _Known:
        known = self._known.get(key)
        if known is None:
            return _Known(value, 0.0, at)
        weight = -math.expm1(-max(at - known.at, 0.0) / MEMORY)
        apart = value - known.mean
        step = weight * apart
        return _Known(known.mean + step, (1.0 - weight) * (known.variance + apart * step), at, known.count + 1)
