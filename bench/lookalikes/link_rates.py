"""How often a job turns out to be like an earlier one, by how long ago that one came and whether it asks for the same.

Rates f and a weight a for "like none" make up the choice of a distance-dependent Chinese restaurant process (Blei & Frazier
2011): job j is like the earlier job i with probability f(lag, same kind) / Z, and new with a / Z. They are learned as runs
end: the expected number of times that a rate was chosen, over the sum of 1/Z where it could have been (the fixed point of
maximum likelihood for such choices, Hunter 2004), with a gamma prior on each. Rates of narrow classes of lags (1.5 %) lean
on those of wide ones (80 %), so that a period, such as a job every ten minutes, stands out once it has shown itself.
"""

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray

_WIDTH = 0.0145
_PER_WIDE = 40
_CLASSES = 1200
"""Of lags, from `_NEAREST` to 200 days; the last one has all that is longer."""
_NEAREST = 0.5
"""Seconds within which jobs came at once."""
_WIDE = _CLASSES // _PER_WIDE
_WIDE_GUESS, _WIDE_WEIGHT, _NARROW_WEIGHT = 0.3, 1.0, 3.0
_NEW_WEIGHT = 10.0
"""Before anything is known a job is as likely new as like any one that came at once; ten choices say so."""
NOWHERE = 2 * _CLASSES
"""The class of a place where there is no earlier job: its rate is 0."""


class LinkRates:
    """Rates per class of lag and kind."""

    def __init__(self) -> None:
        numbers = np.arange(2 * _CLASSES)
        self._wide_of = numbers // _CLASSES * _WIDE + numbers % _CLASSES // _PER_WIDE
        self._chosen, self._offered = np.zeros(NOWHERE + 1), np.zeros(NOWHERE + 1)
        self._new_chosen, self._new_offered = _NEW_WEIGHT, _NEW_WEIGHT
        self.rates = np.zeros(NOWHERE + 1)
        """f by class; 0 for `NOWHERE`."""
        self.new = 1.0
        """a."""
        self._renew()

    def classes(self, lags: FloatArray, same: BoolArray) -> IntArray:
        """The class of each lag (seconds, 0 or above)."""
        narrow = (np.log1p(lags / _NEAREST) / _WIDTH).astype(np.int64)
        return np.minimum(narrow, _CLASSES - 1) + np.where(same, 0, _CLASSES)

    def learn(self, classes: IntArray, chosen: FloatArray, total: float, new: float) -> None:
        """A run ended: how likely it was like each of those it could be like, or like none; `total`: Z. O(all classes)."""
        np.add.at(self._chosen, classes, chosen)
        np.add.at(self._offered, classes, 1.0 / total)
        self._new_chosen += new
        self._new_offered += 1.0 / total
        self._renew()

    def _renew(self) -> None:
        chosen = np.bincount(self._wide_of, self._chosen[:NOWHERE], 2 * _WIDE)
        offered = np.bincount(self._wide_of, self._offered[:NOWHERE], 2 * _WIDE)
        wide = (chosen + _WIDE_GUESS) / (offered + _WIDE_WEIGHT)
        guess = _NARROW_WEIGHT * wide[self._wide_of]
        self.rates[:NOWHERE] = (self._chosen[:NOWHERE] + guess) / (self._offered[:NOWHERE] + _NARROW_WEIGHT)
        self.new = self._new_chosen / self._new_offered
