"""Which of several candidate models does a subtask: by rule, by what was measured of them, or by auction.

A choice is a commitment: it is made once for a graph, a task and a round, and the same inputs make the same choice.
"""

from bayplan.collaboration.choosing.auction import Offer, Tariff, by_auction, offers_of
from bayplan.collaboration.choosing.belief import Belief, Learned, beliefs
from bayplan.collaboration.choosing.chosen import LONGEST_WHY, Beaten, ChoosingError, Chosen
from bayplan.collaboration.choosing.contender import Contender
from bayplan.collaboration.choosing.eligibility import Eligibility, FailedCandidate
from bayplan.collaboration.choosing.experience import Experience
from bayplan.collaboration.choosing.performance import Occasion, by_performance
from bayplan.collaboration.choosing.rule import ChoosingRule, RuleCase, by_rule
from bayplan.collaboration.choosing.terms import ChoiceTerms, choose
from bayplan.collaboration.choosing.waiting import UNKNOWN, left_to_run, waits

__all__ = [
    "LONGEST_WHY",
    "UNKNOWN",
    "Beaten",
    "Belief",
    "ChoiceTerms",
    "ChoosingError",
    "ChoosingRule",
    "Chosen",
    "Contender",
    "Eligibility",
    "Experience",
    "FailedCandidate",
    "Learned",
    "Occasion",
    "Offer",
    "RuleCase",
    "Tariff",
    "beliefs",
    "by_auction",
    "by_performance",
    "by_rule",
    "choose",
    "left_to_run",
    "offers_of",
    "waits",
]
