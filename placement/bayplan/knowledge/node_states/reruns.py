"""What it costs that nodes fail while something runs there: all of the run is lost, and it begins again.

Failures of a node are a Poisson process of rate r, a run without them takes s seconds, and d seconds pass from a failure until
the next attempt begins. The number of attempts that are lost is geometric, with probability 1 - exp(-r s) for each; each is
lost after 1 / r - s / (exp(r s) - 1) seconds on average, the mean of an exponential below s. So until the run has
succeeded there pass (exp(r s) - 1) (1 / r + d) seconds on average.

Source: Duda, The effects of checkpointing on program execution time, Information Processing Letters 16, 1983 (the case
without checkpoints).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

_MOST = 100.0
"""Attempts that are counted, at most: what all but never succeeds there is expected to take so many times as long."""
_LARGEST = 50.0
_SMALL = 1e-6
_MOST_NAMES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Reruns:
    """How often nodes fail, by class, and how long it takes to begin again."""

    classes: tuple[str, ...]
    """A name may come more than once."""
    rates: FloatArray
    """Shape (classes,): failures of a node per second; 0: none was seen."""
    delay: float
    """Seconds from a failure until the next attempt begins."""

    @property
    def words(self) -> str:
        """What is counted, in words; the same for as long as the same classes fail."""
        names = list(dict.fromkeys(name for name, rate in zip(self.classes, self.rates.tolist(), strict=True) if rate > 0))
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return f"failures of nodes of class {', '.join(names[:_MOST_NAMES])}{more} are counted" if names else ""

    def expected(self, seconds: FloatArray) -> FloatArray:
        """Shape (tasks, classes): mean seconds until success of runs that take so long where nothing fails. O(size)."""
        counts = (self.rates > 0) & np.isfinite(seconds)  # where nothing can run, seconds are infinite and stay so
        finite, rates = np.where(counts, seconds, 0.0), np.where(self.rates > 0, self.rates, 1.0)
        product = finite * rates
        mean = np.expm1(np.minimum(product, _LARGEST)) * (1.0 / rates + self.delay)
        most = _MOST * (finite + self.delay) + finite
        return np.asarray(np.where(counts, np.clip(np.where(product < _LARGEST, mean, np.inf), finite, most), seconds))

    def drawn(self, left: FloatArray, whole: FloatArray, node_class: IntArray, luck: FloatArray) -> FloatArray:
        """Shape (units, samples): seconds until success of runs that would have succeeded after `left` seconds, and that take
        `whole` seconds if they begin again.

        `node_class`: shape (units,); `luck`: shape (units, samples), uniform on (0, 1), the lower the more is lost.
        What is lost counts as the mean of what such an attempt loses. O(units with failing nodes * samples).
        """
        rate = self.rates[node_class]
        rows = np.flatnonzero(rate > 0)
        if not len(rows):
            return left
        rate, found = rate[rows, None], left.copy()
        first, again = -np.expm1(-rate * left[rows]), -np.expm1(-rate * whole[rows])
        failed = luck[rows] < first
        # Given that the first attempt is lost, luck / first is uniform again: it draws how many of the next ones are.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            count = np.floor(np.log(luck[rows] / first) / np.log(again))
        count = np.where(failed, np.minimum(np.nan_to_num(np.abs(count), posinf=_MOST), _MOST), 0.0)
        before = _lost_after(rate, left[rows]) + self.delay
        further = _lost_after(rate, whole[rows]) + self.delay
        found[rows] = np.where(failed, before + count * further + whole[rows], left[rows])
        return found


def reruns(classes: Sequence[str], rates: FloatArray, delay: float) -> Reruns | None:
    """Of these classes; none: no failure was seen. Raises `ValueError` for rates or a delay below 0, or that are no numbers."""
    for name, rate in zip(classes, rates.tolist(), strict=True):
        if not 0 <= rate < np.inf:
            raise ValueError(f"rates of class {name} is {rate}: it must be a number, 0 or above")
    if not 0 <= delay < np.inf:
        raise ValueError(f"delay is {delay}: it must be a number of seconds, 0 or above")
    return Reruns(tuple(classes), rates, delay) if rates.any() else None


def _lost_after(rate: FloatArray, seconds: FloatArray) -> FloatArray:
    """The mean of an exponential variable, given that it is below `seconds`: half of that where the rate is next to nothing."""
    product = rate * seconds
    small = product < _SMALL
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = 1.0 / rate - seconds / np.expm1(product)
    return np.asarray(np.where(small, seconds / 2, np.where(np.isfinite(found), found, 1.0 / np.maximum(rate, 1e-300))))
