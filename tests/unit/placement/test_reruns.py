"""What node failures cost: the formula against a simulation of every single failure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.foresight.estimates import Luck, exact
from bayplan.knowledge.node_states import NodeState, NodeStates, Reruns, Survival
from bayplan.knowledge.node_states.reruns import reruns
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, Task
from tests.unit.placement.building import QUICK


def made(rate: float, delay: float = 30.0) -> Reruns:
    found = reruns(("spot", "steady"), np.array([rate, 0.0]), delay)
    assert found is not None
    return found


def played(rate: float, seconds: float, delay: float, runs: int = 40_000) -> FloatArray:
    """Failure by failure."""
    generator = np.random.default_rng(7)
    total, open_ = np.zeros(runs), np.ones(runs, bool)
    while open_.any():
        fails = generator.exponential(1 / rate, runs)
        lost = open_ & (fails < seconds)
        total[lost] += fails[lost] + delay
        total[open_ & ~lost] += seconds
        open_ = lost
    return total


@pytest.mark.parametrize("seconds", [30.0, 600.0, 1500.0])
def test_mean_and_chance_are_those_of_every_single_failure(seconds: float) -> None:
    rate, delay = 1e-3, 45.0
    real, found = played(rate, seconds, delay), made(rate, delay)
    expected = found.expected(np.array([[seconds, seconds]]))
    assert expected[0, 0] == pytest.approx(real.mean(), rel=0.02)
    assert expected[0, 0] == pytest.approx(np.expm1(rate * seconds) * (1 / rate + delay))
    assert expected[0, 1] == seconds
    whole = np.full((2, 40_000), seconds)
    drawn = found.drawn(whole, whole, np.array([0, 1]), np.random.default_rng(8).random(whole.shape))
    assert drawn[0].mean() == pytest.approx(real.mean(), rel=0.02)
    assert (drawn[0] == seconds).mean() == pytest.approx((real == seconds).mean(), abs=0.01)
    assert np.quantile(drawn[0], 0.95) == pytest.approx(np.quantile(real, 0.95), rel=0.15)
    assert (drawn[1] == seconds).all()


def test_a_run_that_is_lost_late_is_begun_anew_as_a_whole() -> None:
    rate, found = 1e-3, made(1e-3, 0.0)
    left, whole = np.full((1, 100_000), 10.0), np.full((1, 100_000), 1000.0)
    drawn = found.drawn(left, whole, np.array([0]), np.random.default_rng(3).random(left.shape))
    fails = -np.expm1(-rate * 10.0)
    assert (drawn > 10.0).mean() == pytest.approx(fails, abs=0.001)
    assert drawn[drawn > 10.0].min() >= 1000.0
    assert drawn.mean() == pytest.approx(10.0 * (1 - fails) + fails * (5.0 + np.expm1(1.0) * 1000.0), rel=0.05)


@given(st.floats(1e-12, 10.0), st.just(0.0) | st.floats(1e-6, 1e9), st.floats(0.0, 1e5), st.integers(0, 2**32 - 1))
@QUICK
def test_it_is_never_less_never_endless_and_grows_with_everything(rate: float, seconds: float, delay: float, seed: int) -> None:
    found, worse = made(rate, delay), made(rate * 1.5, delay)
    table = np.array([[seconds, seconds], [np.inf, np.inf]])
    expected = found.expected(table)
    assert seconds * (1 - 1e-12) <= expected[0, 0] <= 101 * (seconds + delay) * (1 + 1e-9)
    assert expected[0, 0] <= worse.expected(table)[0, 0] * (1 + 1e-6)
    assert expected[0, 0] <= found.expected(2 * table)[0, 0] * (1 + 1e-6)
    assert np.isinf(expected[1]).all(), "where it cannot run it still cannot"
    whole = np.full((1, 64), seconds)
    drawn = found.drawn(whole, whole, np.array([0]), np.random.default_rng(seed).random(whole.shape))
    assert ((drawn >= whole) & (drawn <= 102 * (seconds + delay) * (1 + 1e-9))).all()


def test_where_no_failure_was_seen_nothing_is_counted() -> None:
    steady, spot = NodeStates(), NodeStates()
    steady.observe(NodeState.BUSY, 1e6)
    spot.observe(NodeState.BUSY, 6000.0, NodeState.FAILING)
    known = Survival({"steady": steady, "spot": spot}, {})
    assert known.reruns(("steady", "unseen"), 30.0) is None
    found = known.reruns(("steady", "spot", "unseen", "spot"), 30.0)
    assert found is not None
    assert (found.rates > 0).tolist() == [False, True, False, True]
    assert found.words == "failures of nodes of class spot are counted"


def test_the_rate_is_that_of_a_busy_node() -> None:
    states = NodeStates()
    for _ in range(1000):
        states.observe(NodeState.BUSY, 10_000.0, NodeState.FAILING)
        states.observe(NodeState.FAILING, 100.0, NodeState.BUSY)
    states.observe(NodeState.IDLE, 1e8)
    assert states.failures == 1000
    assert states.failing_rate(NodeState.BUSY, 600.0) == pytest.approx(1e-4, rel=0.02)
    assert states.failing_rate(NodeState.IDLE, 600.0) < 1e-7
    with pytest.raises(ValueError, match="seconds is 0"):
        states.failing_rate(NodeState.BUSY, 0)


@pytest.mark.parametrize(
    ("rate", "delay", "words"),
    [(-1.0, 0.0, "rates of class spot is -1.0"), (np.nan, 0.0, "rates of class spot is nan"), (1.0, np.inf, "delay is inf")],
)
def test_what_makes_no_sense_is_refused(rate: float, delay: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        reruns(("spot",), np.array([rate]), delay)


def test_luck_counts_them_in_an_estimate_and_leaves_the_rest_as_it_was() -> None:
    graph = Graph.build([Task("a", shards=3), Task("b", ("a",))])
    luck, none = Luck.draw(graph, 64, 5), np.full(graph.units, np.nan)
    plain = exact(np.full((2, 2), 500.0), 0.3)
    where = np.array([0, 1, 0, 1])
    before = luck.seconds(graph, plain, where, none)
    failing = type(plain)(plain.location, plain.scale, plain.shared, plain.basis, made(1e-3))
    after = luck.seconds(graph, failing, where, none)
    assert (after[[1, 3]] == before[[1, 3]]).all()
    assert (after[[0, 2]] >= before[[0, 2]]).all()
    assert 0.2 < (after[[0, 2]] > before[[0, 2]]).mean() < 0.6
    assert failing.expected[0, 0] > plain.expected[0, 0]
    assert failing.expected[0, 1] == plain.expected[0, 1]
