"""How quickly load follows what is placed, and how long a reading counts."""

import math
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray

_STEPS = 10
"""A reading's weight goes down in so many steps, since each step has all nodes scored again."""


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Parameters of the estimate. Raises `ValueError`."""

    rate: float = 1 / 30
    """Lambda, per second: a task's load rises as p (1 - exp(-lambda t)). The window over which a metric is averaged counts as
    part of the rise: half a window is a good 1 / lambda."""
    delay: float = 0.0
    """Seconds from a placement until its load begins to rise: binding, images, start."""
    fresh: float = 60.0
    """Seconds for which a reading counts in full."""
    stale: float = 300.0
    """Seconds after which it counts no more."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"rate is {self.rate}: it must be a number above 0, per second")
        if not (math.isfinite(self.delay) and self.delay >= 0):
            raise ValueError(f"delay is {self.delay}: it must be seconds, 0 or above")
        if not (math.isfinite(self.fresh) and self.fresh >= 0):
            raise ValueError(f"fresh is {self.fresh}: it must be seconds, 0 or above")
        if not (math.isfinite(self.stale) and self.stale > self.fresh):
            raise ValueError(f"stale is {self.stale}: it must be seconds above fresh ({self.fresh})")

    def unseen(self, ages: FloatArray) -> FloatArray:
        """exp(-lambda max(0, age - delay)): the part of a change in what is placed that load does not show yet.

        `ages`: seconds from the change to the reading, any shape; negative where it came after the reading.
        """
        return np.asarray(np.exp(-self.rate * np.maximum(ages - self.delay, 0.0)))

    def weight(self, ages: FloatArray) -> FloatArray:
        """How much readings count beside requests: 1 up to `fresh`, then in steps down to 0 at `stale`. Same shape."""
        left = (self.stale - ages) / (self.stale - self.fresh)
        return np.asarray(np.ceil(np.clip(left, 0.0, 1.0) * _STEPS) / _STEPS)
