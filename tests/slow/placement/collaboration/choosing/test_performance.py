"""Choosing by performance: the same inputs make the same choice, what is little known is tried, and the best is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.collaboration.choosing import (
    LONGEST_WHY,
    ChoosingError,
    Chosen,
    Contender,
    Learned,
    Occasion,
    beliefs,
    by_performance,
)
from bayplan.collaboration.choosing.belief import PRIOR_RUNS, SHAPE
from bayplan.collaboration.choosing.chosen import short
from bayplan.knowledge.run_times.regression import Moments, Prior, posterior
from bench.choosing import Models, regrets

figures = st.lists(st.floats(-5, 5), max_size=6)
NAMES = ("small", "medium", "large", "huge")


def learned(found: list[float]) -> Learned:
    variance = float(np.var(found, ddof=1)) if len(found) > 1 else 0.0
    return Learned(len(found), float(np.mean(found)), variance) if found else Learned()


def contenders(lots: list[list[float]]) -> list[Contender]:
    return [Contender(name, learned(found)) for name, found in zip(NAMES, lots, strict=False)]


def choose(found: list[Contender], graph: str = "g", *, maximise: bool = True, retry_failed: bool = False) -> Chosen:
    return by_performance(found, Occasion(graph, "detect", 3), metric="accuracy", maximise=maximise, retry_failed=retry_failed)


@given(st.lists(figures, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_parts_add_up_to_the_whole(lots: list[list[float]]) -> None:
    found, together = Learned.of(map(learned, lots)), learned([each for lot in lots for each in lot])
    assert found.count == together.count
    assert found.mean == pytest.approx(together.mean, abs=1e-9)
    assert found.variance == pytest.approx(together.variance, abs=1e-9)


@given(st.lists(figures, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_beliefs_are_the_posterior_of_the_conjugate_model(lots: list[list[float]]) -> None:
    """Against the regression of run times on one column of ones."""
    tried = [lot for lot in lots if lot]
    centre = float(np.mean([np.mean(lot) for lot in tried])) if tried else 0.0
    between = float(np.var([np.mean(lot) for lot in tried], ddof=1)) if len(tried) > 1 else 0.0
    squares = sum(float(np.sum((np.array(lot) - np.mean(lot)) ** 2)) for lot in tried)
    runs = sum(len(lot) - 1 for lot in tried) + (between > 0)
    variance = (between + squares) / runs if runs else 0.0
    prior = Prior(np.array([centre]), np.array([PRIOR_RUNS]), SHAPE, SHAPE * variance)
    for lot, belief in zip(lots, beliefs(list(map(learned, lots))), strict=True):
        y = np.array(lot)
        found = posterior(prior, Moments(np.array([[float(len(lot))]]), np.array([y.sum()]), float(y @ y), len(lot)))
        assert belief.location == pytest.approx(found.location[0], abs=1e-9)
        assert belief.freedom == 2 * found.shape
        assert belief.scale**2 == pytest.approx(found.scale / found.shape * found.inverse[0, 0], abs=1e-9)


@given(st.lists(figures, min_size=1, max_size=4), st.uuids(), st.sampled_from([0.25, 2.0, 1024.0]))
@settings(max_examples=80, deadline=None)
def test_the_choice_follows_from_the_inputs_and_not_from_the_unit(lots: list[list[float]], uid: object, unit: float) -> None:
    first = choose(contenders(lots), str(uid))
    assert first == choose(contenders(lots), str(uid))
    scaled = choose(contenders([[unit * each for each in lot] for lot in lots]), str(uid))
    assert scaled.winner == first.winner
    assert {each.name for each in first.losers} | {first.winner} == set(NAMES[: len(lots)])


def test_draws_belong_to_candidate_and_occasion() -> None:
    three = contenders([[0.5, 0.6], [0.55, 0.65], [0.4, 0.8]])
    scores = {each.name: each.score for each in choose(three).losers}
    again = {each.name: each.score for each in choose(three[::-1]).losers}
    assert scores == pytest.approx(again)
    others = {choose(three, str(graph)).winner for graph in range(40)}
    assert len(others) > 1
    rounds = {by_performance(three, Occasion("g", "t", each), metric="m").winner for each in range(40)}
    assert len(rounds) > 1


def test_each_is_tried_first_the_least_tried_before_the_others() -> None:
    found = [Contender("small", Learned(5, 0.9, 0.01)), Contender("large", Learned(1, 0.1)), Contender("huge", under_way=1)]
    chosen = choose(found)
    assert chosen.winner == "large"
    assert chosen.why == "large: each candidate is tried 2 times first, this one 1 times so far"
    assert choose([*found[:1], Contender("huge", under_way=1)]).winner == "huge"
    assert choose([Contender("a"), Contender("b")]).winner == "a"
    once = [Contender("small", Learned(1, 0.9)), Contender("large", Learned(1, 0.1))]
    assert "tried" not in by_performance(once, Occasion("g", "t"), metric="m", tries=1).why


def test_a_candidate_is_chosen_as_often_as_it_may_be_the_best() -> None:
    """Thompson sampling: with the probability of being the best, here computed by numerical integration."""
    found = [Contender("small", Learned(6, 0.80, 0.01)), Contender("large", Learned(4, 0.88, 0.02))]
    small, large = beliefs([each.learned for each in found])
    share = np.mean([choose(found, str(graph)).winner == "large" for graph in range(1500)])
    from scipy import stats

    grid = np.linspace(-1, 3, 20_001)
    density = stats.t.pdf(grid, large.freedom, large.location, large.scale)
    exact = float(np.trapezoid(density * stats.t.cdf(grid, small.freedom, small.location, small.scale), grid))
    assert 0.6 < exact < 0.95
    assert share == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 1500))


def test_reasons_say_what_is_known() -> None:
    sure = [Contender("small", Learned(50, 0.8, 1e-6)), Contender("large", Learned(50, 0.9, 1e-6))]
    chosen = choose(sure)
    assert chosen.winner == "large"
    assert chosen.why == "large: accuracy 0.899 after 50 runs, the best that is known"
    assert [(each.name, each.excluded) for each in chosen.losers] == [("small", "")]
    assert choose(sure, maximise=False).winner == "small"
    close = [Contender("small", Learned(3, 0.8, 0.01)), Contender("large", Learned(3, 0.81, 0.01))]
    explored = [each for each in (choose(close, str(graph)) for graph in range(30)) if each.winner == "small"]
    assert explored
    assert "to find out more, since large looks better with 0.8" in explored[0].why


def test_a_candidate_that_failed_is_not_chosen_again_without_a_stated_reason() -> None:
    found = [Contender("small", Learned(9, 0.9, 1e-4), failed="exit code 1"), Contender("large", Learned(9, 0.5, 1e-4))]
    for graph in range(20):
        chosen = choose(found, str(graph))
        assert chosen.winner == "large"
        assert chosen.losers[0].excluded == "it failed: exit code 1"
        assert chosen.losers[0].score is None
    assert choose(found, retry_failed=True).winner == "small"
    none = choose(found[:1])
    assert (none.winner, none.score) == (None, None)
    assert none.why == "no candidate is left: small (it failed: exit code 1)"


def test_reasons_are_cut_to_less_than_256_bytes() -> None:
    assert LONGEST_WHY == 255
    assert short("x" * 255) == "x" * 255
    assert short("x" * 256) == "x" * 252 + "..."
    assert len(short("é" * 200).encode()) <= 255


def test_reasons_fit_into_a_record() -> None:
    found = [Contender(f"{letter}" * 63, Learned(9, 0.5, 1.0), failed="é" * 300 if letter == "z" else "") for letter in "abcz"]
    for graph in range(20):
        chosen = by_performance(found, Occasion(str(graph), "t"), metric="m" * 63)
        assert len(chosen.why.encode()) <= LONGEST_WHY
    none = by_performance(found[3:], Occasion("g", "t"), metric="m")
    assert len(none.why.encode()) <= LONGEST_WHY
    assert none.why.endswith("...")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: choose([]), "candidates is empty: name at least one"),
        (lambda: choose([Contender("a"), Contender("a")]), 'candidates[1].name is "a", which another candidate has too'),
        (lambda: Contender(""), "a candidate has no name"),
        (lambda: Contender("a", under_way=-1), "candidate a: under_way is -1"),
        (lambda: Learned(-1), "count is -1"),
        (lambda: Learned(1, math.nan), "mean is nan"),
        (lambda: Learned(1, 1e101), "mean is 1e+101: it must be a number of at most 1e+100"),
        (lambda: Learned(2, 0.0, -1.0), "variance is -1.0"),
        (lambda: by_performance([Contender("a")], Occasion("g", "t"), metric="m", tries=0), "tries is 0"),
    ],
)
def test_what_is_no_candidate_is_refused(make: object, message: str) -> None:
    with pytest.raises(ChoosingError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)


def test_regret_over_200_graphs_is_a_small_part_of_that_of_chance_and_of_always_the_first() -> None:
    seeds = range(8)
    lost = {
        method: np.array([regrets(Models.drawn(4, seed), 200, method, seed) for seed in seeds])
        for method in ("performance", "first", "chance")
    }
    total = {method: each.sum() / len(seeds) for method, each in lost.items()}
    assert total["performance"] < 0.15 * min(total["first"], total["chance"])
    assert lost["performance"][:, 100:].sum() < 0.25 * lost["performance"].sum()
    late = [regrets(Models.drawn(4, seed), 200, "performance", seed, delay=10).sum() for seed in seeds]
    assert np.mean(late) < 0.25 * total["chance"]
