"""What is believed of the mean of each candidate's metric, given what its runs reported.

Normal figures of unknown mean and variance under the conjugate normal-inverse-gamma prior; the marginal posterior of the mean
is Student's t (Murphy, Machine Learning: a Probabilistic Perspective, 2012, section 4.6.3). The prior is the candidates'
common one, as in empirical Bayes: around the mean of those that have run, with the variance that their runs have.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.collaboration.choosing.chosen import ChoosingError

PRIOR_RUNS = 1.0
"""How many runs the common mean is worth for each candidate."""
SHAPE = 2.0
"""Of the variance's prior: worth four runs. The posterior of a mean then always has a variance (above two degrees)."""
BETWEEN = 1.0
"""How many runs the variance between candidates is worth as a guess of that within one: without it, nothing is known of the
scale of a metric while each candidate has run once."""
LARGEST = 1e100
"""Of a mean: its square is still a number."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A metric over runs, as a TaskProfile keeps it. Raises `ChoosingError` for a figure that is none."""

    count: int = 0
    mean: float = 0.0
    variance: float = 0.0
    """Of the figures, unbiased; 0 for fewer than two."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.count < 0:
            raise ChoosingError(f"count is {self.count}: it must be 0 or above")
        if not abs(self.mean) <= LARGEST:
            raise ChoosingError(f"mean is {self.mean}: it must be a number of at most {LARGEST:g}")
        if not 0 <= self.variance <= LARGEST**2:
            raise ChoosingError(f"variance is {self.variance}: it must be a number between 0 and {LARGEST**2:g}")

    @classmethod
    def of(cls, parts: Iterable["Learned"]) -> "Learned":
        """All runs together, such as those on several node classes (Chan, Golub and LeVeque 1979). O(parts)."""
        count, mean, squares = 0, 0.0, 0.0
        for each in parts:
            if each.count:
                step, total = each.mean - mean, count + each.count
                squares += each.squares + step * step * count * each.count / total
                mean += step * each.count / total
                count = total
        return cls(count, mean, squares / (count - 1) if count > 1 else 0.0)

    @property
    def squares(self) -> float:
        """Sum of the squared distances from the mean."""
        return self.variance * (self.count - 1) if self.count > 1 else 0.0


NOTHING = Learned()


@dataclass(frozen=True, slots=True)
class Belief:
    """Of the mean of a candidate's metric: Student's t."""

    location: float
    scale: float
    freedom: float

    def draw(self, generator: np.random.Generator) -> float:
        """One mean that it might be."""
        return self.location + self.scale * float(generator.standard_t(self.freedom))


def beliefs(learned: Sequence[Learned]) -> list[Belief]:
    """One per candidate. O(candidates)."""
    tried = [each for each in learned if each.count]
    location = math.fsum(each.mean for each in tried) / len(tried) if tried else 0.0
    variance = _common_variance(tried, location)
    return [_believed(each, location, variance) for each in learned]


def _common_variance(tried: Sequence[Learned], location: float) -> float:
    squares = math.fsum(each.squares for each in tried)
    freedom = sum(each.count - 1 for each in tried)
    between = math.fsum((each.mean - location) ** 2 for each in tried) / (len(tried) - 1) if len(tried) > 1 else 0.0
    weight = BETWEEN if between > 0 else 0.0
    return (weight * between + squares) / (weight + freedom) if weight + freedom else 0.0


def _believed(each: Learned, location: float, variance: float) -> Belief:
    runs = PRIOR_RUNS + each.count
    shape = SHAPE + each.count / 2
    off = each.mean - location if each.count else 0.0
    scale = SHAPE * variance + each.squares / 2 + PRIOR_RUNS * each.count * off * off / (2 * runs)
    return Belief(location + each.count * off / runs, math.sqrt(scale / (shape * runs)), 2 * shape)
