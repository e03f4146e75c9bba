"""Which of several strategies serves a stated objective best: a bandit on whole graphs."""

from bayplan.adaptive.bandit import Bandit, Choice
from bayplan.adaptive.candidates import Adaptive
from bayplan.adaptive.ended import Ended
from bayplan.adaptive.objectives import OBJECTIVES, Objective, objective
from bayplan.adaptive.posteriors import Expectation

__all__ = ["OBJECTIVES", "Adaptive", "Bandit", "Choice", "Ended", "Expectation", "Objective", "objective"]
