"""Bayesian linear regression with the conjugate normal-inverse-gamma prior: posterior and predictive in closed form.

    y = x·w + e,   e ~ N(0, s²),   w | s² ~ N(m, s² diag(1/k)),   s² ~ InverseGamma(a, b)

With one column of ones it is the normal-inverse-gamma model of a mean and a variance. Formulas: Bishop, Pattern Recognition
and Machine Learning, section 3.3; Murphy, Machine Learning: a Probabilistic Perspective, section 7.6.
"""

import math
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.run_times.run_time import RunTime
from bayplan.model.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is believed before the first run."""

    location: FloatArray
    """m, shape (columns,)."""
    precision: FloatArray
    """k, shape (columns,): how many runs each belief is worth."""
    shape: float
    """a, above 1: 2a is how many runs the variance is worth."""
    scale: float
    """b, above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What runs say, as sums; all that the posterior depends on."""

    gram: FloatArray
    """Sum of x x', shape (columns, columns)."""
    product: FloatArray
    """Sum of x y, shape (columns,)."""
    square: float
    """Sum of y²."""
    count: float


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed after the runs."""

    location: FloatArray
    inverse: FloatArray
    """Of the precision matrix, shape (columns, columns)."""
    shape: float
    scale: float

    def predictive(self, columns: FloatArray, spread: float = 0.0) -> RunTime:
        """The next y at x = `columns`, a Student-t with 2a degrees of freedom.

        `spread`: the variance, as a share of s², of an effect that no run has shown yet.
        """
        share = 1.0 + spread + float(columns @ self.inverse @ columns)
        return RunTime.single(float(columns @ self.location), math.sqrt(self.scale / self.shape * share), 2 * self.shape)


def posterior(prior: Prior, runs: Moments) -> Posterior:
    """The posterior. O(columns³)."""
    inverse = np.linalg.inv(np.diag(prior.precision) + runs.gram)
    # From the prior's mean on, so that nothing large is taken from something large.
    residual_product = runs.product - runs.gram @ prior.location
    square = runs.square - 2 * float(prior.location @ runs.product) + float(prior.location @ runs.gram @ prior.location)
    step = inverse @ residual_product
    scale = prior.scale + max(0.0, square - float(residual_product @ step)) / 2
    return Posterior(prior.location + step, (inverse + inverse.T) / 2, prior.shape + runs.count / 2, scale)
