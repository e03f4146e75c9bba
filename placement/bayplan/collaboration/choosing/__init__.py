"""Which of several candidate models does a subtask: by rule, by what was measured of them, or by auction.

A choice is a commitment: it is made once for a graph, a task and a round, and the same inputs make the same choice.
"""

from bayplan.collaboration.choosing.auction import Offer, Tariff, by_auction
from bayplan.collaboration.choosing.belief import Belief, Learned, beliefs
from bayplan.collaboration.choosing.chosen import LONGEST_WHY, Beaten, ChoosingError, Chosen
from bayplan.collaboration.choosing.contender import Contender
from bayplan.collaboration.choosing.performance import Occasion, by_performance
from bayplan.collaboration.choosing.rule import ChoosingRule, RuleCase, by_rule

__all__ = [
    "LONGEST_WHY",
    "Beaten",
    "Belief",
    "ChoosingError",
    "ChoosingRule",
    "Chosen",
    "Contender",
    "Learned",
    "Occasion",
    "Offer",
    "RuleCase",
    "Tariff",
    "beliefs",
    "by_auction",
    "by_performance",
    "by_rule",
]
