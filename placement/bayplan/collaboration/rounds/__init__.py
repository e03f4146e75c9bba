"""A part of a graph that repeats: who takes part in a round, and whether another follows.

What each client counts is in `sampling`; that older answers count less is a matter of fusion. All of it are decisions that
the caller records before it acts on them: the same inputs make the same decision.
"""

from bayplan.collaboration.rounds.after import AfterRound, RoundTerms, after_round, none_ran
from bayplan.collaboration.rounds.errors import RoundError
from bayplan.collaboration.rounds.joint import Effect, EffectAction, JointRule, JointTerm, effect
from bayplan.collaboration.rounds.lots import RoundLots, clients_of, drawn, free_for, several_of
from bayplan.collaboration.rounds.rule import MOST_ROUNDS, Patience, RoundRule
from bayplan.collaboration.rounds.sampling import ClientSample, inclusion_probabilities, sample_clients
from bayplan.collaboration.rounds.verdict import RoundAction, RoundEnd, RoundState, RoundVerdict, progressed, verdict

__all__ = [
    "MOST_ROUNDS",
    "AfterRound",
    "ClientSample",
    "Effect",
    "EffectAction",
    "JointRule",
    "JointTerm",
    "Patience",
    "RoundAction",
    "RoundEnd",
    "RoundError",
    "RoundLots",
    "RoundRule",
    "RoundState",
    "RoundTerms",
    "RoundVerdict",
    "after_round",
    "clients_of",
    "drawn",
    "effect",
    "free_for",
    "inclusion_probabilities",
    "none_ran",
    "progressed",
    "sample_clients",
    "several_of",
    "verdict",
]
