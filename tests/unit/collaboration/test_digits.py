"""The digits and the models that learn them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.collaboration import digits, federated, models


def test_the_digits_and_the_split_are_those_of_scikit_learn() -> None:
    # Only here: it takes a fifth of the time of collecting all tests, in each process.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    rows = np.arange(len(labels))
    learn, test = train_test_split(rows, test_size=0.25, random_state=0, stratify=labels)
    for part, wanted in zip(digits.load(), (np.sort(learn), np.sort(test)), strict=True):
        assert (part.images == images[wanted] / 16).all()
        assert (part.labels == labels[wanted]).all()


def test_clients_share_out_all_images() -> None:
    part, _ = digits.load()
    clients = [digits.of_two_digits(part, client) for client in range(5)]
    assert [sorted(set(each.labels.tolist())) for each in clients] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert sum(map(len, clients)) == len(part)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_even_parts_share_out_all_images(count: int, seed: int) -> None:
    part, _ = digits.load()
    parts = digits.even_parts(part, count, seed)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    rows = np.concatenate([each.images for each in parts])
    assert sorted(map(bytes, rows)) == sorted(map(bytes, part.images))


@pytest.mark.parametrize("kind", [models.softmax, models.mlp])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_the_gradient_is_that_of_the_loss(kind: type, temperature: float) -> None:
    """Against differences of the mean cross entropy, in a direction drawn at random."""
    random = np.random.default_rng(3)
    images, targets = random.random((20, 64)), random.dirichlet(np.ones(10), 20)
    model: models.Model = {name: random.normal(0, 0.3, each.shape) for name, each in kind(0).items()}
    direction = {name: random.normal(size=each.shape) for name, each in model.items()}

    def loss(step: float) -> float:
        moved = {name: each + step * direction[name] for name, each in model.items()}
        return float(-(targets * np.log(models.probabilities(moved, images, temperature))).sum(axis=1).mean())

    found = models.gradient(model, images, targets, temperature)
    slope = sum(float((found[name] * direction[name]).sum()) for name in model)
    assert slope == pytest.approx((loss(1e-6) - loss(-1e-6)) / 2e-6, rel=1e-5)


def test_a_step_goes_down_the_gradient_times_the_squared_temperature() -> None:
    """One epoch over fewer images than a batch is one step."""
    random = np.random.default_rng(5)
    images, targets = random.random((7, 64)), random.dirichlet(np.ones(10), 7)
    start = models.mlp(2)
    found = models.train(start, images, targets, 1, random, temperature=3.0)
    slopes = models.gradient(start, images, targets, 3.0)
    for name, each in found.items():
        np.testing.assert_allclose(each, start[name] - 0.1 * 9 * slopes[name], rtol=1e-12, atol=1e-15)


def test_a_client_sees_its_images_in_another_order_in_each_round_and_with_each_seed() -> None:
    own = digits.of_two_digits(digits.load()[0], 1)

    def weights(round_: int, seed: int) -> bytes:
        return federated.client_round(models.softmax(0), own, 1, round_, seed, epochs=1)["weights"].tobytes()

    assert len({weights(1, 1), weights(2, 1), weights(1, 2)}) == 3
    assert weights(1, 1) == weights(1, 1)


def test_the_proximal_term_keeps_a_model_near_its_start() -> None:
    part, _ = digits.load()
    own = digits.of_two_digits(part, 0)
    moved = []
    for proximal in (0.0, 0.1, 1.0):
        random = np.random.default_rng(1)
        trained = models.train(models.softmax(0), own.images, models.one_hot(own.labels), 5, random, proximal=proximal)
        moved.append(float(np.abs(trained["weights"]).max()))
    assert all(more > less for more, less in pairwise(moved))
