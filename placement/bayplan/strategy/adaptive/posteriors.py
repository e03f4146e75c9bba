"""What is believed of each candidate: the mean of its figures, normal with unknown variance, given what its graphs said.

The prior is the candidates' common one: normal-inverse-gamma around the mean of those that have been tried, worth one graph,
with the variance that graphs of one candidate have among themselves.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.run_times.evidence import Evidence
from bayplan.knowledge.run_times.regression import Moments, Posterior, Prior, posterior

PRIOR_GRAPHS = 1.0
SHAPE = 2.0
VARIANCE, VARIANCE_GRAPHS = 0.1, 2.0
"""The variance that is assumed before anything is known (a slowdown a third up or down), and how many graphs that is worth."""
INTERVAL = 0.8


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of the mean of a candidate's figures: Student's t."""

    location: float
    scale: float
    freedom: float

    def interval(self) -> tuple[float, float]:
        """Within which the mean lies with a probability of 80 %."""
        # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, (1 + INTERVAL) / 2)) * self.scale
        return self.location - half, self.location + half

    @property
    def variance(self) -> float:
        """Of the mean."""
        return self.scale**2 * self.freedom / (self.freedom - 2)


def of_graph(value: float) -> Evidence:
    """What one graph says. Raises `ValueError` for what is no number."""
    return Evidence(1.0, value, value * value)


def expectations(evidence: Sequence[Evidence]) -> list[Expectation]:
    """One per candidate, from sums over its graphs (`y`: the figure). O(candidates)."""
    tried = [each for each in evidence if each.runs > 0]
    location = math.fsum(each.y / each.runs for each in tried) / len(tried) if tried else 0.0
    spread = math.fsum(max(0.0, each.yy - each.y * each.y / each.runs) for each in tried)
    freedom = math.fsum(max(0.0, each.runs - 1.0) for each in tried)
    variance = (VARIANCE_GRAPHS * VARIANCE + spread) / (VARIANCE_GRAPHS + freedom)
    prior = Prior(np.array([location]), np.array([PRIOR_GRAPHS]), SHAPE, SHAPE * variance)
    return [_mean(posterior(prior, _moments(each))) for each in evidence]


def _moments(evidence: Evidence) -> Moments:
    return Moments(np.array([[evidence.runs]]), np.array([evidence.y]), evidence.yy, evidence.runs)


def _mean(found: Posterior) -> Expectation:
    scale = math.sqrt(found.scale / found.shape * float(found.inverse[0, 0]))
    return Expectation(float(found.location[0]), scale, 2 * found.shape)
