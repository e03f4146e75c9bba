"""Client sampling: free nodes first, a floor for each client, and weights that leave nothing biased."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.collaboration.rounds import RoundError, inclusion_probabilities, sample_clients
from bayplan.collaboration.rounds.sampling import systematic
from tests.draws import cases


@st.composite
def draws(draw: st.DrawFn) -> tuple[list[bool], int, float]:
    """Free or busy clients, how many to draw, and a floor that can be kept."""
    free = draw(st.lists(st.booleans(), min_size=1, max_size=12))
    number = draw(st.integers(1, len(free)))
    return free, number, draw(st.floats(0.01, 1.0)) * number / len(free)


def expectation(probabilities: np.ndarray, values: np.ndarray) -> float:
    """Of the weighted sum over those drawn, for a start drawn evenly: exact, since the draw only changes at breakpoints."""
    ends = np.cumsum(probabilities[probabilities < 1])
    breaks = np.unique(np.concatenate(([0.0], np.mod(ends, 1.0), [1.0])))
    total = 0.0
    for low, high in pairwise(breaks):
        hit = systematic(probabilities, (low + high) / 2)
        total += (high - low) * float((values[hit] / probabilities[hit]).sum())
    return total


@given(draws())
@cases(50, search=100)
def test_the_expected_weighted_sum_is_the_sum_over_all_clients(case: tuple[list[bool], int, float]) -> None:
    free, number, floor = case
    generator = np.random.default_rng(number)
    probabilities = inclusion_probabilities(free, number, floor)
    values = generator.normal(size=len(free))
    order = generator.permutation(len(free))
    assert expectation(probabilities[order], values[order]) == pytest.approx(values.sum(), abs=1e-9)


@given(draws())
@cases(60, search=150)
def test_probabilities_add_up_keep_the_floor_and_prefer_free_nodes(case: tuple[list[bool], int, float]) -> None:
    free, number, floor = case
    found = inclusion_probabilities(free, number, floor)
    assert found.sum() == pytest.approx(number)
    assert (found >= floor * (1 - 1e-9)).all()
    assert (found <= 1).all()
    known = np.array(free)
    if known.any() and not known.all():
        assert found[known].min() >= found[~known].max() - 1e-12
        assert found[known].max() == pytest.approx(1.0) or found[~known].max() == pytest.approx(floor)


@given(draws(), st.integers(0, 2**32))
@cases(50, search=100)
def test_so_many_are_drawn_each_once_and_the_same_seed_draws_the_same(case: tuple[list[bool], int, float], seed: int) -> None:
    free, number, floor = case
    first = sample_clients(free, number, floor, np.random.default_rng(seed))
    again = sample_clients(free, number, floor, np.random.default_rng(seed))
    assert len(first.drawn) == number == len(set(first.drawn.tolist()))
    assert (first.drawn == again.drawn).all()
    assert first.weights == pytest.approx(1 / len(free) / first.probabilities[first.drawn])


def test_draws_come_as_often_as_their_probability_says() -> None:
    free = [True, True, True, False, False, False]
    generator = np.random.default_rng(7)
    hits, sums, shares = np.zeros(6), [], np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    for _ in range(3000):
        found = sample_clients(free, 3, 0.2, generator, shares)
        hits[found.drawn] += 1
        sums.append(found.weights.sum())
    assert hits / 3000 == pytest.approx([0.8] * 3 + [0.2] * 3, abs=0.03)
    assert np.mean(sums) == pytest.approx(shares.sum(), abs=4 * np.std(sums) / 3000**0.5)


def test_busy_clients_fill_up_what_free_ones_cannot() -> None:
    assert inclusion_probabilities([True, False, False], 2, 0.1) == pytest.approx([1.0, 0.5, 0.5])
    assert inclusion_probabilities([False] * 4, 1, 0.1) == pytest.approx([0.25] * 4)
    assert inclusion_probabilities([True] * 4, 4, 1.0) == pytest.approx([1.0] * 4)


def test_a_tooth_hits_the_last_client_in_spite_of_rounding() -> None:
    probabilities = np.full(10, 0.1)
    assert systematic(probabilities, np.nextafter(1.0, 0.0)).tolist() == [9]
    assert systematic(probabilities, 0.0).tolist() == [0]
    assert systematic(np.ones(3), 0.5).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("free", "number", "floor", "shares", "message"),
    [
        ([True], 2, 0.1, None, "number is 2: it must be from 1 to the number of clients, 1"),
        ([], 1, 0.1, None, "number is 1: it must be from 1 to the number of clients, 0"),
        ([True, False], 1, 0.0, None, "floor is 0.0: it must be above 0"),
        ([True, False], 1, 0.6, None, "floor is 0.6: for 1 of 2 clients it can be 0.5 at most"),
        ([True, False], 1, 0.1, [1.0], "shares has 1 entries for 2 clients"),
        ([True, False], 1, 0.1, [1.0, -1.0], "shares has an entry that is no number of 0 or above"),
    ],
)
def test_what_cannot_be_drawn_is_refused(free: list[bool], number: int, floor: float, shares: object, message: str) -> None:
    with pytest.raises(RoundError) as caught:
        sample_clients(free, number, floor, np.random.default_rng(0), shares)  # type: ignore[arg-type]
    assert message in str(caught.value)
