"""What follows a round that is over: the joint loss is looked at first, then the rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayplan.collaboration.rounds.joint import EffectAction, JointRule, effect
from bayplan.collaboration.rounds.rule import RoundRule
from bayplan.collaboration.rounds.verdict import RoundAction, RoundEnd, RoundState, verdict
from bayplan.lifecycle import Run, UnitState
from bayplan.lifecycle.conditions.truth import Lookup
from bayplan.model.arrays import IntArray


@dataclass(frozen=True, slots=True)
class RoundTerms:
    """What is looked at after each round."""

    rule: RoundRule
    joint: JointRule | None = None
    """None: there is no joint loss."""


@dataclass(frozen=True, slots=True)
class AfterRound:
    """What follows."""

    state: RoundState
    """Of the rounds so far."""
    over: str = ""
    """Why there is no further round, in one sentence; empty: there is one."""
    failed: bool = False
    """That is the failure of the graph."""
    end: RoundEnd | None = None
    """What ended the rounds well; `None`: there is another, or none of these did."""
    weights: tuple[float, ...] = ()
    """New ones of the terms of the joint loss; none: those before stay."""
    again: str = ""
    """The task that is to choose another candidate, if one is left; empty: none is."""
    why: str = ""
    """Why it is to, in one sentence."""


def after_round(terms: RoundTerms, state: RoundState, weights: Sequence[float], lookup: Lookup) -> AfterRound:
    """The round after `state.ended` has ended with these results.

    `weights`: those of the joint loss in force, if new ones have been made; else none. O(conditions x shards).
    """
    weighed = AfterRound(state)
    if terms.joint is not None:
        found = effect(terms.joint, lookup, state.ended, list(weights) or None)
        if found.action is EffectAction.ACCEPT:
            return AfterRound(replace(state, ended=state.ended + 1), found.why, end=RoundEnd.CONDITION)
        if found.action in (EffectAction.STOP, EffectAction.WAIT):
            return AfterRound(replace(state, ended=state.ended + 1), found.why, failed=True)
        weighed = replace(weighed, weights=found.weights)
        if found.action is EffectAction.CHOOSE_AGAIN:
            term = next(each for each in terms.joint.terms if each.name == found.subtask)
            weighed = replace(weighed, again=term.loss.reference.task, why=found.why)
    state, decided = verdict(terms.rule, state, lookup)
    if decided.action is RoundAction.CONTINUE:
        return replace(weighed, state=state)
    return replace(weighed, state=state, over=decided.why, failed=decided.action is RoundAction.FAILED, end=decided.end)


def none_ran(run: Run, units: IntArray) -> str:
    """Why there is no further round where nothing of this one ran; empty: something did. `units`: those that repeat."""
    if (run.state[units] == UnitState.SKIPPED).all() and np.isnan(run.started[units]).all():
        return f"round {run.round}: none of its tasks ran, and none would in another"
    return ""
