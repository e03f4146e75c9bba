"""The joint loss of subtasks, and what follows above its bound."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.collaboration.rounds import Effect, EffectAction, JointRule, JointTerm, RoundError, effect
from bayplan.collaboration.rounds.joint import STEP
from bayplan.lifecycle.conditions import Value, parse_measure
from tests.draws import cases

NAMES = ("understand", "intent", "respond")


def rule(*weights: float, bound: float = 1.0, otherwise: EffectAction = EffectAction.STOP, limit: int = 3) -> JointRule:
    terms = (JointTerm(name, parse_measure(f"{name}.loss"), weight) for name, weight in zip(NAMES, weights, strict=False))
    return JointRule(tuple(terms), bound, otherwise, limit)


def decide(found: JointRule, *losses: Value | None, tried: int = 0, weights: list[float] | None = None) -> Effect:
    said = dict(zip(NAMES, losses, strict=False))
    return effect(found, lambda task, key: [said[task]], tried, weights)


def test_it_is_the_weighted_sum() -> None:
    found = decide(rule(1.0, 2.0, 0.5), 0.1, 0.2, 0.4)
    assert found.action is EffectAction.ACCEPT
    assert found.loss == pytest.approx(0.7)
    assert decide(rule(1.0, bound=0.5), 0.5).action is EffectAction.ACCEPT


@pytest.mark.parametrize("otherwise", [EffectAction.STOP, EffectAction.ROUND, EffectAction.CHOOSE_AGAIN, EffectAction.REWEIGH])
def test_above_the_bound_what_the_manifest_says(otherwise: EffectAction) -> None:
    found = decide(rule(1.0, 1.0, 4.0, otherwise=otherwise), 0.8, 0.1, 0.3)
    assert found.action is otherwise
    assert found.why == "the joint loss is 2.1, above 1, most of it by respond (1.2)"
    assert found.subtask == ("respond" if otherwise is EffectAction.CHOOSE_AGAIN else "")
    assert bool(found.weights) is (otherwise is EffectAction.REWEIGH)


def test_attempts_have_a_limit() -> None:
    again = rule(1.0, otherwise=EffectAction.ROUND, limit=2)
    assert [decide(again, 2.0, tried=tried).action for tried in range(3)] == [EffectAction.ROUND] * 2 + [EffectAction.STOP]
    assert decide(again, 2.0, tried=2).why.endswith("after 2 attempts to better it")
    once = rule(1.0, otherwise=EffectAction.ROUND, limit=1)
    assert [decide(once, 2.0, tried=tried).action for tried in range(2)] == [EffectAction.ROUND, EffectAction.STOP]
    assert decide(again, 0.5, tried=9).action is EffectAction.ACCEPT


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(-1e3, 1e3)), min_size=3, max_size=3))
@cases(50, search=100)
def test_new_weights_keep_their_sum_and_follow_the_losses(parts: list[tuple[float, float]]) -> None:
    weights, losses = [weight + 0.1 for weight, _ in parts], [loss for _, loss in parts]
    found = decide(rule(*weights, bound=-1e9, otherwise=EffectAction.REWEIGH), *losses).weights
    assert math.fsum(found) == pytest.approx(math.fsum(weights))
    gains = [new / old for new, old in zip(found, weights, strict=True)]
    for one in range(3):
        for other in range(3):
            if losses[one] > losses[other] + 1e-6:
                assert gains[one] > gains[other] * (1 - 1e-12)
    assert max(gains) / min(gains) == pytest.approx(1.0 if max(losses) == min(losses) else math.exp(STEP))


def test_weights_in_force_go_on_from_there() -> None:
    again = rule(1.0, 1.0, bound=0.0, otherwise=EffectAction.REWEIGH)
    first = decide(again, 1.0, 0.0)
    second = decide(again, 1.0, 0.0, tried=1, weights=list(first.weights))
    assert second.loss == pytest.approx(first.weights[0])
    assert second.weights[0] / second.weights[1] > first.weights[0] / first.weights[1] > 1
    assert decide(again, 0.5, 0.5).weights == (1.0, 1.0)


def test_a_loss_that_is_not_known() -> None:
    missing = decide(rule(1.0, 1.0), None, 0.1)
    assert (missing.action, missing.loss) == (EffectAction.WAIT, None)
    assert missing.why == 'the joint loss is not known: understand has no result "loss"'
    assert decide(rule(1.0), "low").action is EffectAction.STOP
    assert decide(rule(1.0), math.nan).action is EffectAction.STOP
    assert decide(rule(1.0, 1.0), 1.7e308, 1.7e308).action is EffectAction.STOP
    huge = decide(rule(1e-9, 1e-9, bound=0.0, otherwise=EffectAction.REWEIGH), 1.7e308, -1.7e308 / 2)
    assert all(map(math.isfinite, huge.weights))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rule(), "terms is empty"),
        (lambda: rule(0.0, 0.0), "the weights of terms add up to 0"),
        (lambda: rule(1.0, -1.0), "terms[1].weight is -1.0"),
        (lambda: rule(1.0, bound=math.inf), "bound is inf"),
        (
            lambda: rule(1.0, otherwise=EffectAction.ACCEPT),
            "otherwise is Accept: it must be Reweigh, ChooseAgain, ",
        ),
        (lambda: rule(1.0, limit=0), "limit is 0"),
        (lambda: JointRule((JointTerm("a", parse_measure("a.k")),), 1.0, step=0.0), "step is 0.0"),
        (lambda: JointRule((JointTerm("a", parse_measure("a.k")),) * 2, 1.0), 'terms[1].name is "a"'),
        (lambda: decide(rule(1.0), 0.5, weights=[1.0, 2.0]), "there are 2 weights for 1 terms"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(make: object, message: str) -> None:
    with pytest.raises(RoundError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)
