"""How load rises."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.knowledge.load.rise import linear_load, load, unseen
from tests.unit.placement.building import QUICK

FIGURE = st.floats(0, 1e6)
TASKS = st.lists(st.tuples(FIGURE, FIGURE, st.floats(0, 100)), min_size=1, max_size=5)


def test_it_is_the_sum_of_p_times_1_less_exp_of_minus_lambda_t() -> None:
    expected = 3 * (2 * (1 - np.exp(-0.5 * 4)) + 5 * (1 - np.exp(-0.1 * 4)))
    assert load(4.0, [2, 5], [0.5, 0.1], 3) == pytest.approx(expected)


def test_many_times_at_once() -> None:
    times = np.array([[0.0, 0.0], [4.0, 1.0], [1e9, 1e9]])
    expected = 2 * (1 - np.exp(-0.5 * 4)) + 5 * (1 - np.exp(-0.1))
    assert load(times, [2, 5], [0.5, 0.1]) == pytest.approx([0, expected, 7])
    assert linear_load(times, [2, 5], [0.5, 0.1]) == pytest.approx([0, 2 + 0.5, 7])
    assert load(times[:, :1], [2, 5], [0.5, 0.1]) == pytest.approx(load(np.repeat(times[:, :1], 2, axis=1), [2, 5], [0.5, 0.1]))
    assert unseen(times, [2, 5], [0.5, 0.1]).shape == (3, 2)
    assert load(3.0, [], []) == 0


@QUICK
@given(TASKS)
def test_what_shows_and_what_does_not_make_up_the_peak(tasks: list[tuple[float, float, float]]) -> None:
    times, peaks, rates = np.array(tasks).T
    assert load(times, peaks, rates) + unseen(times, peaks, rates).sum() == pytest.approx(peaks.sum())
    assert load(times, peaks, rates) <= linear_load(times, peaks, rates) * (1 + 1e-12)
    assert linear_load(times, peaks, rates) <= peaks.sum() * (1 + 1e-12)


@pytest.mark.parametrize("model", [load, linear_load, unseen])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((-1.0, [1], [1]), "times is -1.0: it must be a number, 0 or above"),
        (([1.0, np.nan], [1, 2], [1, 2]), "times[1] is nan: it must be a number, 0 or above"),
        ((1.0, [1, -2], [1, 1]), "peaks[1] is -2.0: it must be a number, 0 or above"),
        ((1.0, [1], [np.inf]), "rates[0] is inf: it must be a number, 0 or above"),
        ((1.0, [1], [1, 2]), "peaks has shape (1,) and rates (2,): both must be (tasks,)"),
        ((1.0, 1, 1), "peaks has shape () and rates (): both must be (tasks,)"),
        (([1.0, 2.0, 3.0], [1, 2], [1, 2]), "times has shape (3,): its last axis must have 2 entries, one per task, or 1"),
    ],
)
def test_figures_that_are_none(model: Callable[..., object], arguments: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        model(*arguments)


def test_the_factor_too() -> None:
    with pytest.raises(ValueError, match=re.escape("factor is -1.0: it must be a number, 0 or above")):
        load(1.0, [1], [1], -1)
