"""What follows a round: the joint loss is looked at first, then the rule."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.collaboration.rounds import (
    EffectAction,
    JointRule,
    JointTerm,
    RoundRule,
    RoundState,
    RoundTerms,
    after_round,
    none_ran,
)
from bayplan.lifecycle import Run, UnitState, parse
from bayplan.lifecycle.conditions import parse_measure
from bayplan.lifecycle.conditions.truth import Lookup

BOTH = (JointTerm("first", parse_measure("a.loss")), JointTerm("second", parse_measure("b.loss")))


def terms(otherwise: EffectAction, most: int = 5, until: str = "") -> RoundTerms:
    return RoundTerms(RoundRule(most, parse(until) if until else None), JointRule(BOTH, 1.0, otherwise))


def said(a: float, b: float) -> Lookup:
    return lambda task, key: [{"a": a, "b": b}[task]] if key == "loss" else [0.0]


def test_a_loss_that_is_small_ends_the_rounds_whatever_the_rule_says() -> None:
    found = after_round(terms(EffectAction.ROUND), RoundState(2), (), said(0.5, 0.5))
    assert (found.over, found.failed, found.state.ended) == ("the joint loss is 1, at most 1", False, 3)


def test_one_that_is_large_stops_the_graph_or_goes_on() -> None:
    stopped = after_round(terms(EffectAction.STOP), RoundState(0), (), said(0.9, 0.5))
    assert (stopped.failed, stopped.over) == (True, "the joint loss is 1.4, above 1, most of it by first (0.9)")
    another = after_round(terms(EffectAction.ROUND), RoundState(0), (), said(0.9, 0.5))
    assert (another.over, another.weights, another.again) == ("", (), "")
    last = after_round(terms(EffectAction.ROUND, most=1), RoundState(0), (), said(0.9, 0.5))
    assert (last.over, last.failed) == ("round 1 is the last", False)
    enough = after_round(terms(EffectAction.ROUND, until="a.loss < 1"), RoundState(0), (), said(0.9, 0.5))
    assert enough.over.startswith("round 1: ")


def test_new_weights_follow_the_losses_from_those_in_force() -> None:
    first = after_round(terms(EffectAction.REWEIGH), RoundState(0), (), said(0.9, 0.5)).weights
    assert first[0] > 1.0 > first[1]
    assert sum(first) == pytest.approx(2.0)
    again = after_round(terms(EffectAction.REWEIGH), RoundState(1), first, said(0.9, 0.5)).weights
    assert again[0] > first[0]


def test_the_task_that_adds_most_is_to_choose_again() -> None:
    found = after_round(terms(EffectAction.CHOOSE_AGAIN), RoundState(0), (), said(0.4, 0.9))
    assert (found.over, found.again) == ("", "b")
    assert "most of it by second" in found.why


def test_a_round_in_which_nothing_ran_is_the_last() -> None:
    run, units = Run.fresh(3), np.array([1, 2])
    run.round = 2
    assert none_ran(run, units) == ""
    run.state[units] = UnitState.SKIPPED
    assert none_ran(run, units) == "round 2: none of its tasks ran, and none would in another"
    run.started[2] = 5.0
    assert none_ran(run, units) == "", "it was left behind"
