"""Whether a graph will be done in time: a lower bound, a distribution of its end, and what would help."""

from bayplan.foresight.estimates.advice import Help, Suggestion, advice
from bayplan.foresight.estimates.bound import Bound, lower_bound
from bayplan.foresight.estimates.capacity import Capacity
from bayplan.foresight.estimates.course import LeastCourse, course, sure_rounds
from bayplan.foresight.estimates.durations import Basis, Durations, durations, exact
from bayplan.foresight.estimates.earliest import Earliest, could_hold, earliest
from bayplan.foresight.estimates.estimate import MOST_PLACES, Estimate, Scenario, estimate, samples
from bayplan.foresight.estimates.further_rounds import RestOfGraph, with_further_rounds, with_gates
from bayplan.foresight.estimates.late import lateness
from bayplan.foresight.estimates.luck import Luck
from bayplan.foresight.estimates.quota_caps import QuotaCap, quota_caps, within

__all__ = [
    "MOST_PLACES",
    "Basis",
    "Bound",
    "Capacity",
    "Durations",
    "Earliest",
    "Estimate",
    "Help",
    "LeastCourse",
    "Luck",
    "QuotaCap",
    "RestOfGraph",
    "Scenario",
    "Suggestion",
    "advice",
    "could_hold",
    "course",
    "durations",
    "earliest",
    "estimate",
    "exact",
    "lateness",
    "lower_bound",
    "quota_caps",
    "samples",
    "sure_rounds",
    "with_further_rounds",
    "with_gates",
    "within",
]
