"""Averages and the server's steps equal their closed forms, in any order of the models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.fusion import planned
from bayplan.collaboration.fusion.memory import ModelFacts, fuse
from bayplan.collaboration.fusion.tensors import CHUNK

from .models import SEEDS, closed, drawn, near, same_bits

WEIGHTS = st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=7)


def by(weights: list[float]):  # type: ignore[no-untyped-def]
    share = np.array(weights) / np.sum(weights)
    return lambda stack: np.tensordot(share, stack, axes=1)


@settings(deadline=None, max_examples=30)
@given(WEIGHTS, SEEDS)
def test_the_weighted_mean_is_its_closed_form(weights: list[float], seed: int) -> None:
    models = drawn(seed, len(weights))
    for method in ("WeightedMean", "FedAvg"):
        assert near(fuse(planned(method), models, ModelFacts(weights=weights)).model, closed(models, by(weights)))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), SEEDS, st.sampled_from(["float64", "float32", "float16"]))
def test_the_mean_is_its_closed_form_in_the_models_type(count: int, seed: int, dtype: str) -> None:
    models = drawn(seed, count, dtype)
    found = fuse(planned("Mean"), models).model
    assert {each.dtype.name for each in found.values()} == {dtype}
    wanted = closed(models, lambda stack: stack.astype(np.float64).mean(axis=0))
    tolerance = 1e-12 if dtype == "float64" else np.finfo(dtype).eps
    assert all(np.allclose(found[name], wanted[name], rtol=tolerance, atol=1e-12) for name in found)


@settings(deadline=None, max_examples=40)
@given(WEIGHTS, SEEDS, st.randoms(use_true_random=False), st.sampled_from(["float64", "float32"]))
def test_no_order_of_the_models_changes_a_bit(weights, seed, random, dtype) -> None:  # type: ignore[no-untyped-def]
    models = drawn(seed, len(weights), dtype)
    models[1] = models[0]  # equal models with different weights, too
    order = random.sample(range(len(models)), len(models))
    mixed = [models[each] for each in order]
    for method in ("FedAvg", "FedAvgM", "FedYogi"):
        first = fuse(planned(method), models, ModelFacts(weights=weights, reference=models[0]))
        other = fuse(planned(method), mixed, ModelFacts(weights=[weights[each] for each in order], reference=models[0]))
        assert same_bits(first.model, other.model)
        assert same_bits(first.state, other.state)


def test_several_chunks_are_as_one() -> None:
    generator = np.random.default_rng(3)
    models = [{"long": generator.normal(size=2 * CHUNK + 17)} for _ in range(5)]
    found = fuse(planned("FedAvg"), models, ModelFacts(weights=[1, 2, 3, 4, 5])).model
    assert near(found, closed(models, by([1, 2, 3, 4, 5])))
    assert same_bits(found, fuse(planned("FedAvg"), models[::-1], ModelFacts(weights=[5, 4, 3, 2, 1])).model)


def test_weights_count_by_their_ratios_alone() -> None:
    models = drawn(1, 3)
    small = fuse(planned("FedAvg"), models, ModelFacts(weights=[1e-300, 2e-300, 3e-300])).model
    assert near(small, closed(models, by([1, 2, 3])))
    large = fuse(planned("FedAvg"), models, ModelFacts(weights=[0.5e308, 1e308, 1.5e308])).model
    assert near(large, closed(models, by([1, 2, 3])))


def test_large_coordinates_do_not_overflow_on_the_way() -> None:
    models = [{"w": np.full(3, 1.5e308)}, {"w": np.full(3, 1.7e308)}]
    assert np.allclose(fuse(planned("Mean"), models).model["w"], 1.6e308)


def test_whole_numbers_are_taken_over() -> None:
    models = [each | {"steps": np.array(12)} for each in drawn(2, 3)]
    found = fuse(planned("FedAvg"), models).model
    assert found["steps"] == 12
    assert found["steps"].dtype == models[0]["steps"].dtype


def test_momentum_over_two_rounds() -> None:
    """v_1 = d_1, x_1 = x_0 + s v_1; v_2 = b v_1 + d_2, x_2 = x_1 + s v_2."""
    before, one, two = drawn(1, 1)[0], drawn(2, 3), drawn(3, 3)
    plan = planned("FedAvgM", {"momentum": 0.9, "serverRate": 0.5})
    first = fuse(plan, one, ModelFacts(reference=before))
    second = fuse(plan, two, ModelFacts(reference=first.model, state=first.state))
    for name in before:
        v1 = np.mean([each[name] for each in one], axis=0) - before[name]
        x1 = before[name] + 0.5 * v1
        v2 = 0.9 * v1 + np.mean([each[name] for each in two], axis=0) - x1
        assert np.allclose(first.model[name], x1, rtol=0, atol=1e-12)
        assert np.allclose(second.state[f"momentum/{name}"], v2, rtol=0, atol=1e-12)
        assert np.allclose(second.model[name], x1 + 0.5 * v2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", ["FedAdam", "FedYogi"])
def test_adaptive_servers_over_three_rounds(method: str) -> None:
    rate, b1, b2, tau = 0.03, 0.9, 0.99, 1e-3
    plan = planned(method, {"serverRate": rate, "beta1": b1, "beta2": b2, "tau": tau})
    model, state = drawn(1, 1)[0], None
    wanted = {name: np.asarray(each) for name, each in model.items()}
    m = {name: np.zeros_like(each) for name, each in wanted.items()}
    v = {name: np.full_like(each, tau**2) for name, each in wanted.items()}
    for round_ in range(3):
        clients = drawn(10 + round_, 4)
        found = fuse(plan, clients, ModelFacts(reference=model, state=state, weights=[1, 2, 3, 4]))
        for name in wanted:
            delta = sum((k + 1) / 10 * each[name] for k, each in enumerate(clients)) - wanted[name]
            m[name] = b1 * m[name] + (1 - b1) * delta
            square = delta**2
            v[name] = (
                b2 * v[name] + (1 - b2) * square
                if method == "FedAdam"
                else v[name] - (1 - b2) * square * np.sign(v[name] - square)
            )
            wanted[name] = wanted[name] + rate * m[name] / (np.sqrt(v[name]) + tau)
        model, state = found.model, found.state
        assert near(model, wanted)
        assert near({name: state[f"second/{name}"] for name in v}, v)


def test_the_first_round_averages_and_begins_a_state() -> None:
    models = drawn(4, 3)
    found = fuse(planned("FedAdam"), models, ModelFacts(first=True))
    assert near(found.model, closed(models, lambda stack: stack.mean(axis=0)))
    assert not found.state["first/weights"].any()
    assert (found.state["second/weights"] == 1e-6).all()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0.01, 30), min_size=1, max_size=6), st.floats(0.05, 5), SEEDS)
def test_clipping_bounds_each_update(lengths: list[float], norm: float, seed: int) -> None:
    before = drawn(seed, 1)[0]
    models = []
    for each, length in zip(drawn(seed + 1, len(lengths)), lengths, strict=True):
        size = np.sqrt(sum((part**2).sum() for part in each.values()))
        models.append({name: before[name] + length * part / size for name, part in each.items()})
    found = fuse(planned("FedAvg", {"clipNorm": norm}), models, ModelFacts(reference=before)).model
    scale = [min(1.0, norm / length) for length in lengths]
    wanted = {
        name: before[name] + sum(s * (each[name] - before[name]) for s, each in zip(scale, models, strict=True)) / len(models)
        for name in before
    }
    assert all(np.allclose(found[name], wanted[name], rtol=1e-9, atol=1e-9) for name in found)


def test_stale_models_count_less() -> None:
    models, before = drawn(5, 3), drawn(6, 1)[0]
    ages, plan = [0, 1, 3], planned("FedAvg", {"staleness": 0.5})
    factors = np.array([1, 2**-0.5, 4**-0.5])
    alone = fuse(plan, models, ModelFacts(ages=ages)).model
    assert near(alone, closed(models, by(factors.tolist())))
    # With the model of the round before, what a stale update loses stays there.
    beside = fuse(plan, models, ModelFacts(ages=ages, reference=before)).model
    wanted = {
        name: before[name] + sum(f * (each[name] - before[name]) for f, each in zip(factors, models, strict=True)) / 3
        for name in before
    }
    assert near(beside, wanted)


def test_noise_has_its_deviation_and_comes_from_the_generator() -> None:
    models = [{"w": np.zeros(200_000)}] * 2
    plan = planned("Mean", {"noiseStd": 0.3})
    one, same, other = (fuse(plan, models, generator=np.random.default_rng(seed)).model["w"] for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert abs(one.std() - 0.3) < 0.003
    assert abs(one.mean()) < 0.004
