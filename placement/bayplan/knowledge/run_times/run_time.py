"""How long a run takes, as a distribution: Student's t over the logarithm of the seconds, or a mixture of several."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray

_STEPS = 80
_TAIL = 60.0
_LARGEST_LOG = 700.0
"""Of a floating-point number, nearly."""


@dataclass(frozen=True, slots=True, eq=False)
class RunTime:
    """A predictive distribution over seconds. Shape of all arrays: (components,)."""

    weights: FloatArray
    """They add up to 1."""
    locations: FloatArray
    """Log seconds."""
    scales: FloatArray
    """Of log seconds, above 0."""
    freedom: FloatArray
    """Degrees of freedom of each component, above 2."""

    @classmethod
    def single(cls, location: float, scale: float, freedom: float) -> "RunTime":
        """One Student-t."""
        return cls(np.ones(1), np.array([location]), np.array([scale]), np.array([freedom]))

    @property
    def log_mean(self) -> float:
        """The expectation of the log seconds."""
        return float(self.weights @ self.locations)

    @property
    def log_deviation(self) -> float:
        """The standard deviation of the log seconds."""
        variances = self.scales**2 * self.freedom / (self.freedom - 2)
        return math.sqrt(float(self.weights @ (variances + (self.locations - self.log_mean) ** 2)))

    @property
    def mean(self) -> float:
        """Seconds expected: the mean of the log-normals with these locations and scales.

        The exponential of a Student-t has no mean of its own: its tail is too heavy. This is the limit for many runs.
        """
        return math.exp(min(self.log_expected, _LARGEST_LOG))

    @property
    def log_expected(self) -> float:
        """The log of `mean`, which may itself be too large for a number."""
        logs = self.locations + self.scales**2 / 2
        return float(logs.max() + math.log(self.weights @ np.exp(logs - logs.max())))

    def probability_by(self, seconds: float, elapsed: float = 0.0) -> float:
        """Probability to have ended so many seconds after the start, given that it has already run `elapsed` seconds.

        Raises `ValueError` for seconds that are negative or no number.
        """
        _check("seconds", seconds)
        _check("elapsed", elapsed)
        if seconds <= elapsed:
            return 0.0
        left = self._survival(elapsed)
        if left <= 0:
            return 1.0
        return min(1.0, max(0.0, 1.0 - self._survival(seconds) / left))

    def quantile(self, probability: float, elapsed: float = 0.0) -> float:
        """Seconds after the start by which it has ended with that probability, given that it has run `elapsed` seconds.

        Raises `ValueError` for a probability outside 0 to 1.
        """
        if not 0 < probability < 1:
            raise ValueError(f"probability is {probability}: it must lie between 0 and 1")
        _check("elapsed", elapsed)
        wanted = (1.0 - probability) * self._survival(elapsed)
        low = float(np.min(self.locations - _TAIL * self.scales))
        high = float(np.max(self.locations + _TAIL * self.scales))
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if self._log_survival(middle) > wanted:
                low = middle
            else:
                high = middle
        return max(elapsed, math.exp(min(high, _LARGEST_LOG)))

    def log_score(self, seconds: float) -> float:
        """The log density of a run that took so many seconds, over log seconds; the higher, the better it was foreseen."""
        if not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"seconds is {seconds}: it must be a number above 0")
        return math.log(float(self.weights @ np.exp(log_density(math.log(seconds), self.locations, self.scales, self.freedom))))

    def _survival(self, seconds: float) -> float:
        return 1.0 if seconds <= 0 else self._log_survival(math.log(seconds))

    def _log_survival(self, log_seconds: float) -> float:
        # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
        from scipy.special import stdtr

        # The t distribution is symmetric; the far tail is exact this way round.
        return float(self.weights @ stdtr(self.freedom, (self.locations - log_seconds) / self.scales))


def log_density(
    value: float | FloatArray, location: float | FloatArray, scale: float | FloatArray, freedom: float | FloatArray
) -> FloatArray:
    """The log density of Student's t; arguments as numpy broadcasts them."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.special import gammaln

    freedom = np.asarray(freedom, np.float64)
    square = ((np.asarray(value) - location) / scale) ** 2
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - np.log(freedom * math.pi) / 2 - np.log(scale)
    return np.asarray(constant - (freedom + 1) / 2 * np.log1p(square / freedom), np.float64)


def mixture(weights: Sequence[float], parts: Sequence[RunTime]) -> RunTime:
    """Several distributions as one; weights need not add up to 1. Raises `ValueError` where none is above 0."""
    total = math.fsum(weights)
    if not (math.isfinite(total) and total > 0 and min(weights) >= 0):
        raise ValueError(f"weights are {list(weights)}: they must be numbers, 0 or above, and one of them above 0")
    return RunTime(
        np.concatenate([weight / total * part.weights for weight, part in zip(weights, parts, strict=True)]),
        np.concatenate([part.locations for part in parts]),
        np.concatenate([part.scales for part in parts]),
        np.concatenate([part.freedom for part in parts]),
    )


def _check(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is {value}: it must be a number, 0 or above")
