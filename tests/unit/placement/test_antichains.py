"""The heaviest antichain, against all antichains of small graphs."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.solvers.antichains import heaviest_antichain
from tests.draws import cases

GRAPHS = st.integers(1, 9).flatmap(
    lambda nodes: st.tuples(
        st.lists(st.integers(0, 6), min_size=nodes, max_size=nodes),
        st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=14),
        st.sampled_from((1, 7, 2**20)),
    )
)


def columns(edges: list[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    """Acyclic: from the lower number to the higher."""
    found = np.array([(min(each), max(each)) for each in edges if each[0] != each[1]], np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def comparable(nodes: int, before: IntArray, after: IntArray) -> BoolArray:
    found = np.zeros((nodes, nodes), bool)
    found[before, after] = True
    for middle in range(nodes):
        found |= np.outer(found[:, middle], found[middle])
    return found


def by_trying(weights: IntArray, related: BoolArray) -> int:
    sets = ([n for n in range(len(weights)) if mask >> n & 1] for mask in range(1 << len(weights)))
    return max(int(weights[each].sum()) for each in sets if not related[np.ix_(each, each)].any())


@cases(120, search=300)
@given(GRAPHS)
def test_it_is_the_heaviest_of_all(drawn: tuple[list[int], list[tuple[int, int]], int]) -> None:
    numbers, edges, unit = drawn
    weights, (before, after) = unit * np.array(numbers, np.int64), columns(edges)
    found = heaviest_antichain(weights, before, after)
    related = comparable(len(numbers), before, after)
    members = np.flatnonzero(found.members)
    assert found.weight == by_trying(weights, related) == weights[members].sum()
    assert not related[np.ix_(members, members)].any()


def test_of_several_the_latest_is_told() -> None:
    """So that it stays the heaviest while tasks before it end."""
    found = heaviest_antichain(np.array([3, 3, 1, 3]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    assert found.members.tolist() == [False, False, False, True]


def test_amounts_beyond_the_numbers_of_the_solver_are_rounded_up() -> None:
    weights = np.array([2**40 + 1, 2**41 + 3, 2**39 + 5, 2**40 + 7], np.int64)
    found = heaviest_antichain(weights, np.array([0, 0]), np.array([1, 2]))
    exact = int(weights[1:].sum())
    assert exact <= found.weight <= exact * (1 + 1e-6)


@pytest.mark.parametrize("back", [10, 200, 5_000])
def test_five_thousand_tasks(back: int) -> None:
    draw, tasks = np.random.default_rng(back), 5_000
    after = np.repeat(np.arange(1, tasks), 4)
    before = (draw.random(len(after)) * np.minimum(after, back)).astype(np.int64) + np.maximum(0, after - back)
    began = time.process_time()
    found = heaviest_antichain(draw.integers(1, 2**20, tasks), before, after)
    assert time.process_time() - began < 1.0, "a second is the limit; about 0.05 s where this was written"
    assert found.weight > 0
