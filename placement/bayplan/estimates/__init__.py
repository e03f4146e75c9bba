"""Whether a graph will be done in time: a lower bound, a distribution of its end, and what would help."""

from bayplan.estimates.advice import Help, Suggestion, advice
from bayplan.estimates.bound import Bound, lower_bound
from bayplan.estimates.durations import Basis, Durations, durations, exact
from bayplan.estimates.earliest import Earliest, earliest
from bayplan.estimates.estimate import Estimate, Trial, estimate, samples
from bayplan.estimates.luck import Luck

__all__ = [
    "Basis",
    "Bound",
    "Durations",
    "Earliest",
    "Estimate",
    "Help",
    "Luck",
    "Suggestion",
    "Trial",
    "advice",
    "durations",
    "earliest",
    "estimate",
    "exact",
    "lower_bound",
    "samples",
]
