"""Votes, log-odds, weights by least squares, distillation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.fusion import planned
from bayplan.collaboration.fusion.distillation import mixed_loss, soft_loss, soft_targets, softened
from bayplan.collaboration.fusion.ensemble import Validation, ensemble_weights, fuse_outputs
from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.least_squares import contributions, solved_weights
from bayplan.collaboration.fusion.outputs import log_odds, majority_vote, mean, soft_vote

from .models import SEEDS


def members(seed: int, count: int, samples: int = 30, classes: int = 4) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.dirichlet(np.ones(classes), samples) for _ in range(count)]


def test_majority_and_ties() -> None:
    votes = [np.array([2, 0, 1, 3]), np.array([2, 1, 0, 3]), np.array([1, 1, 3, 0])]
    assert majority_vote(votes).tolist() == [2, 1, 0, 3]  # the smallest of three labels with a vote each
    assert majority_vote(votes, [1, 1, 3]).tolist() == [1, 1, 3, 0]
    assert majority_vote([np.array([-5, 7]), np.array([-5, 7])]).tolist() == [-5, 7]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), SEEDS)
def test_votes_by_counting(count: int, seed: int) -> None:
    outputs = members(seed, count)
    labels = np.stack([each.argmax(axis=1) for each in outputs])
    assert majority_vote(outputs).tolist() == [int(np.bincount(column).argmax()) for column in labels.T]
    assert soft_vote(outputs).tolist() == np.mean(outputs, axis=0).argmax(axis=1).tolist()


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 6), SEEDS, st.randoms(use_true_random=False))
def test_no_order_of_the_models_changes_a_bit(count, seed, random) -> None:  # type: ignore[no-untyped-def]
    outputs = members(seed, count)
    weights = np.random.default_rng(seed).random(count).tolist()
    order = random.sample(range(count), count)
    mixed, shares = [outputs[each] for each in order], [weights[each] for each in order]
    assert mean(outputs, weights).tobytes() == mean(mixed, shares).tobytes()
    assert log_odds(outputs, weights).tobytes() == log_odds(mixed, shares).tobytes()
    assert majority_vote(outputs, weights).tolist() == majority_vote(mixed, shares).tolist()
    targets = np.random.default_rng(seed).integers(0, 4, 30)
    solved = solved_weights(outputs, targets)
    assert solved_weights(mixed, targets).tolist() == solved[order].tolist()


def test_log_odds_are_averaged() -> None:
    p, q = np.array([0.9, 0.2, 0.5]), np.array([0.6, 0.4, 0.5])
    odds = (np.log(p / (1 - p)) + np.log(q / (1 - q))) / 2
    wanted = 1 / (1 + np.exp(-odds))
    assert np.allclose(log_odds([p, q]), wanted, rtol=1e-12)
    both = log_odds([np.column_stack([1 - p, p]), np.column_stack([1 - q, q])])
    assert np.allclose(both[:, 1], wanted, rtol=1e-12)
    certain = log_odds([np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])], epsilon=1e-4)
    assert np.isfinite(certain).all()
    assert certain[0, 0] < 0.9901


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 5), SEEDS)
def test_solved_weights_sum_to_one_and_cannot_be_bettered(count: int, seed: int) -> None:
    outputs, targets = members(seed, count), np.random.default_rng(seed + 1).integers(0, 4, 30)
    hot = np.eye(4)[targets]

    def error(weights: np.ndarray) -> float:
        return float(((np.tensordot(weights, outputs, axes=1) - hot) ** 2).sum())

    generator = np.random.default_rng(seed)
    for non_negative in (True, False):
        solved = solved_weights(outputs, targets, non_negative=non_negative)
        assert abs(solved.sum() - 1) < 1e-12
        assert not non_negative or (solved >= 0).all()
        for _ in range(20):
            other = generator.dirichlet(np.ones(count)) if non_negative else generator.normal(size=count)
            other /= other.sum()
            assert error(solved) <= error(other) * (1 + 1e-12)


def test_weights_are_those_of_the_normal_equations() -> None:
    """w = G^-1 1 / (1' G^-1 1), with G = E'E, where the sign is free."""
    outputs, targets = members(5, 3), np.random.default_rng(6).random((30, 4))
    errors = np.column_stack([(each - targets).reshape(-1) for each in outputs])
    inverse = np.linalg.solve(errors.T @ errors, np.ones(3))
    assert np.allclose(solved_weights(outputs, targets, non_negative=False), inverse / inverse.sum(), rtol=1e-10)


def test_a_perfect_member_takes_all_and_a_sample_may_count_more() -> None:
    targets = np.array([0, 1, 2, 3] * 5)
    perfect = np.eye(4)[targets]
    wrong = np.roll(perfect, 1, axis=1)
    assert np.allclose(solved_weights([wrong, perfect], targets), [0, 1], atol=1e-12)
    half = np.where(np.arange(20)[:, None] < 10, perfect, wrong)
    other = np.where(np.arange(20)[:, None] < 10, wrong, perfect)
    assert np.allclose(solved_weights([half, other], targets), 0.5)
    assert np.allclose(solved_weights([half, other], targets, samples=[1.0] * 10 + [0.0] * 10), [1, 0], atol=1e-12)


def test_a_member_that_spoils_the_mean_contributes_nothing() -> None:
    targets = np.array([0, 1, 2, 3] * 5)
    right, wrong = np.eye(4)[targets], np.eye(4)[(targets + 1) % 4]
    found = contributions([right, right, wrong], targets)
    assert found[0] == found[1] > 0
    assert found[2] == 0


def test_methods_of_the_table_do_what_their_names_say() -> None:
    outputs = members(3, 3)
    for method, wanted in {
        "Mean": mean(outputs),
        "SoftVote": soft_vote(outputs),
        "MajorityVote": majority_vote(outputs),
        "LogOdds": log_odds(outputs),
    }.items():
        plan = planned(method)
        assert np.array_equal(fuse_outputs(plan, outputs, ensemble_weights(plan, 3, None, None)), wanted)
    plan = planned("WeightedLeastSquares", {"nonNegative": "false"})
    targets = np.random.default_rng(1).random((30, 4))
    weights = ensemble_weights(plan, 3, None, Validation(outputs=outputs, targets=targets))
    wanted = sum(weight * each for weight, each in zip(weights, outputs, strict=True))
    assert np.allclose(fuse_outputs(plan, outputs, weights), wanted, atol=1e-12)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.5, 8), st.floats(0, 1), SEEDS)
def test_the_losses_gradient_is_that_of_differences(temperature: float, hard: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    student, labels = generator.normal(size=(5, 3)), generator.integers(0, 3, 5)
    targets = soft_targets([generator.normal(size=(5, 3)) for _ in range(3)], temperature)
    _, gradient = mixed_loss(student, targets, labels, temperature, hard)
    step = 1e-6
    for place in ((0, 0), (2, 1), (4, 2)):
        above, below = student.copy(), student.copy()
        above[place] += step
        below[place] -= step
        ends = [mixed_loss(each, targets, labels, temperature, hard)[0] for each in (above, below)]
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_soft_targets_of_logarithms_are_those_of_logits() -> None:
    logits = np.random.default_rng(1).normal(size=(6, 4))
    assert np.allclose(softened(np.log(softened(logits, 1.0)), 2.0), softened(logits, 2.0), rtol=1e-12)
    targets = soft_targets([logits], 2.0)
    loss, gradient = soft_loss(logits, targets, 2.0)
    assert abs(loss) < 1e-12
    assert np.abs(gradient).max() < 1e-12


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: log_odds([np.array([[0.2, 1.2]])]), "outputs[0] holds 0.2 to 1.2: probabilities lie between 0 and 1"),
        (
            lambda: soft_vote([np.array([[0.2, 0.2]])]),
            "outputs[0]: the probabilities of a sample must sum to 1 over the last axis",
        ),
        (lambda: mean([np.array([1.0, np.nan])]), "outputs[0] is NaN somewhere: every value must be a finite number"),
        (
            lambda: mean([np.zeros(3), np.zeros(4)]),
            "outputs[1]: output has the shape [4] where outputs[0] has [3]",
        ),
        (
            lambda: solved_weights([np.zeros((2, 3))], np.array([0, 3])),
            "the targets hold labels 0 to 3: there are the labels 0 to 2",
        ),
        (
            lambda: solved_weights([np.zeros((2, 3))], np.zeros(5)),
            "the targets have the shape [5] where the outputs have [2, 3]: "
            "give values of that shape, or one label for each sample",
        ),
        (lambda: softened(np.zeros((2, 2)), 0.0), "the temperature is 0: it must be a finite number above 0"),
        (
            lambda: ensemble_weights(planned("WeightedLeastSquares"), 2, [1, 2], None),
            "WeightedLeastSquares solves for its weights: give none",
        ),
        (
            lambda: ensemble_weights(planned("WeightedMean"), 2, None, None),
            "WeightedMean needs weights: give one for each input, or take Mean",
        ),
        (lambda: fuse_outputs(planned("Median"), [np.zeros(2)], [1]), "Median fuses models, not outputs"),
    ],
)
def test_what_is_refused(wrong, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FusionError) as error:
        wrong()
    assert str(error.value) == sentence


def test_soft_targets_are_the_mean_of_softened_answers() -> None:
    logits = [np.random.default_rng(seed).normal(size=(5, 3)) for seed in range(4)]
    weights = [1.0, 2.0, 3.0, 4.0]
    found = fuse_outputs(planned("SoftTargets", {"temperature": "4"}), logits, weights)
    softened = [np.exp(each / 4) / np.exp(each / 4).sum(axis=1, keepdims=True) for each in logits]
    expected = sum(weight * each for weight, each in zip(weights, softened, strict=True)) / 10
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
