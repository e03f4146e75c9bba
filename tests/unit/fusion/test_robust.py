"""Robust aggregators: closed forms, attackers, ties, and what they warn of."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.fusion import planned
from bayplan.collaboration.fusion.memory import ModelFacts, fuse

from .models import SEEDS, closed, drawn, near, same_bits

METHODS = ("Median", "TrimmedMean", "Krum", "MultiKrum")


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), SEEDS)
def test_the_median_is_numpys(count: int, seed: int) -> None:
    models = drawn(seed, count)
    assert near(fuse(planned("Median"), models).model, closed(models, lambda stack: np.median(stack, axis=0)))


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 11), SEEDS, st.sampled_from([0.2, 0.25, 0.4]))
def test_the_trimmed_mean_leaves_the_extremes_away(count: int, seed: int, beta: float) -> None:
    models, cut = drawn(seed, count), int(beta * count + 1e-9)
    found = fuse(planned("TrimmedMean", {"beta": beta}), models).model
    assert near(found, closed(models, lambda stack: np.sort(stack, axis=0)[cut : count - cut].mean(axis=0)))


def krum_scores(models: list[dict[str, np.ndarray]], byzantine: int) -> list[float]:
    flat = [np.concatenate([each.reshape(-1) for each in model.values()]) for model in models]
    distances = [[((one - other) ** 2).sum() for other in flat] for one in flat]
    return [sum(sorted(row[:i] + row[i + 1 :])[: len(models) - byzantine - 2]) for i, row in enumerate(distances)]


@settings(deadline=None, max_examples=30)
@given(st.integers(7, 10), SEEDS, st.sampled_from([0, 1, 2]))
def test_krum_takes_those_with_the_best_scores(count: int, seed: int, byzantine: int) -> None:
    models = drawn(seed, count)
    best = sorted(range(count), key=krum_scores(models, byzantine).__getitem__)
    one = fuse(planned("Krum", {"f": byzantine}), models)
    assert one.report.chosen == (best[0],)
    assert same_bits(one.model, {name: np.asarray(each) for name, each in models[best[0]].items()})
    several = fuse(planned("MultiKrum", {"f": byzantine, "m": 3}), models)
    assert several.report.chosen == tuple(best[:3])
    assert near(several.model, closed([models[each] for each in best[:3]], lambda stack: stack.mean(axis=0)))
    assert len(fuse(planned("MultiKrum", {"f": byzantine}), models).report.chosen or ()) == count - byzantine


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.randoms(use_true_random=False))
def test_no_order_of_the_models_changes_a_bit(seed, random) -> None:  # type: ignore[no-untyped-def]
    models = drawn(seed, 6, "float32")
    mixed = random.sample(models, len(models))
    for method in METHODS:
        assert same_bits(fuse(planned(method), models).model, fuse(planned(method), mixed).model)


def test_equal_scores_are_told_apart_by_contents_in_any_order() -> None:
    """The corners of a square and its middle twice over: all corners score alike."""
    corners = [{"w": np.array(each, dtype=float)} for each in ((1, 1), (1, -1), (-1, 1), (-1, -1), (3, 3), (-3, -3), (3, -3))]
    chosen = {
        tuple(fuse(planned("Krum"), list(each)).model["w"])
        for each in itertools.islice(itertools.permutations(corners), 0, 5040, 97)
    }
    assert chosen == {(-1.0, -1.0)}


@pytest.mark.parametrize("method", METHODS)
def test_one_attacker_moves_little(method: str) -> None:
    generator = np.random.default_rng(1)
    honest = [{"w": 1 + 0.1 * generator.normal(size=50)} for _ in range(9)]
    models = [*honest, {"w": -10 * honest[0]["w"]}]
    assert np.abs(fuse(planned("Mean"), models).model["w"] - 1).max() > 0.9
    assert np.abs(fuse(planned(method), models).model["w"] - 1).max() < 0.4


@pytest.mark.parametrize("method", METHODS)
def test_different_label_sets_are_warned_of(method: str) -> None:
    models = drawn(1, 5)
    apart = [{str(2 * each): 10, str(2 * each + 1): 12} for each in range(5)]
    (said,) = fuse(planned(method), models, ModelFacts(labels=apart)).report.warnings
    assert said == (
        f"{method} may lose what few clients know: their label sets differ (0, 1, 2, 3, 4 and others not at every client); "
        "averaging, such as FedAvg, keeps it"
    )
    alike = [{"0": 3, "1": 4 + each, "2": 0} for each in range(5)]
    assert fuse(planned(method), models, ModelFacts(labels=alike)).report.warnings == ()
    assert fuse(planned("FedAvg"), models, ModelFacts(labels=apart)).report.warnings == ()
