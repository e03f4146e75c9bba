"""Which of several strategies serves a stated objective best: a bandit on whole graphs."""

from bayplan.strategy.adaptive.bandit import Bandit, Choice
from bayplan.strategy.adaptive.candidates import Adaptive
from bayplan.strategy.adaptive.ended import Ended
from bayplan.strategy.adaptive.objectives import OBJECTIVES, GraphObjective, objective
from bayplan.strategy.adaptive.posteriors import Expectation

__all__ = ["OBJECTIVES", "Adaptive", "Bandit", "Choice", "Ended", "Expectation", "GraphObjective", "objective"]
