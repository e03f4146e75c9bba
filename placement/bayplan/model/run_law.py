"""How long something runs, as a distribution: log-normal, with an upper bound where one is known."""

import math
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class RunLaw:
    """Of a run time, in seconds. Raises `ValueError`.

    With sigma 0 it is the median, for sure; a run that lasts longer is due at any moment.
    """

    median: float
    sigma: float = 0.0
    """The standard deviation of the log."""
    most: float = math.inf
    """It surely runs no longer."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.median) and self.median > 0):
            raise ValueError(f"a run time has the median {self.median}: it must be seconds above 0")
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise ValueError(f"a run time has the sigma {self.sigma}: it must be 0 or above")
        if not self.most > 0:
            raise ValueError(f"a run time has the bound {self.most}: it must be seconds above 0")

    def later(self, seconds: float) -> "RunLaw":
        """Of what begins to run so many seconds after it took its place, counted from there."""
        return RunLaw(self.median + seconds, self.sigma, self.most + seconds)

    def beyond(self, seconds: float) -> float:
        """The probability that it runs longer than so many seconds."""
        if seconds >= self.most:
            return 0.0
        if seconds <= 0:
            return 1.0
        if self.sigma == 0:
            return float(seconds < self.median)
        from scipy.special import ndtr  # not at once: most commands never ask, and it takes long to load

        return float(ndtr(-math.log(seconds / self.median) / self.sigma))

    def quantiles(self, parts: FloatArray, elapsed: float = 0.0) -> FloatArray:
        """Of the whole run, of one that runs since so many seconds. `parts`: from 0 to 1; the same shape."""
        if self.sigma == 0:
            return np.full(parts.shape, max(min(self.median, self.most), elapsed))
        left = self.beyond(elapsed)
        if left <= 1e-12:
            return np.full(parts.shape, max(elapsed, 0.0))
        from scipy.special import ndtri

        levels: FloatArray = np.clip(1.0 - (1.0 - parts) * left, 1e-12, 1.0 - 1e-12)
        found: FloatArray = self.median * np.exp(self.sigma * ndtri(levels))
        return np.asarray(np.maximum(np.minimum(found, self.most), elapsed))


def medians_left(laws: FloatArray, elapsed: FloatArray) -> FloatArray:
    """The medians of whole runs that run since so many seconds, as `RunLaw.quantiles` gives them. `laws`: median, sigma above 0
    and bound of each, shape (runs, 3); `elapsed`: 0 or above, shape (runs,)."""
    from scipy.special import ndtr, ndtri

    median, sigma, most = laws.T
    with np.errstate(divide="ignore"):
        left = np.where(elapsed >= most, 0.0, ndtr(-np.log(elapsed / median) / sigma))
    levels = np.clip(1.0 - 0.5 * left, 1e-12, 1.0 - 1e-12)
    found = np.minimum(median * np.exp(sigma * ndtri(levels)), most)
    return np.asarray(np.where(left <= 1e-12, elapsed, np.maximum(found, elapsed)))
