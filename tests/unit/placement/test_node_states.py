import json
import math
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from bayplan.knowledge.node_states.chain import STATES, NodeState, NodeStates

IDLE, BUSY, HOT, FAILING = STATES
TRUE = np.array(
    [
        [-0.010, 0.009, 0.0005, 0.0005],
        [0.004, -0.007, 0.0028, 0.0002],
        [0.002, 0.010, -0.014, 0.002],
        [0.005, 0.001, 0.0, -0.006],
    ]
)


def watched(seconds: float, seed: int = 1) -> NodeStates:
    """What is learned of a node that follows `TRUE`."""
    generator, made, state, now = np.random.default_rng(seed), NodeStates(), 0, 0.0
    while now < seconds:
        stay = float(generator.exponential(-1 / TRUE[state, state]))
        then = int(generator.choice(4, p=np.where(np.arange(4) == state, 0, TRUE[state]) / -TRUE[state, state]))
        made.observe(STATES[state], stay, STATES[then])
        state, now = then, now + stay
    return made


@pytest.fixture(scope="module")
def learned() -> NodeStates:
    return watched(2e6)


def test_rates_are_those_of_the_history(learned: NodeStates) -> None:
    assert np.allclose(learned.rates(), TRUE, atol=6e-4)
    assert np.allclose(learned.rates().sum(axis=1), 0, atol=1e-15)
    assert learned.observed == pytest.approx(2e6, rel=1e-3)


@pytest.mark.parametrize("seconds", [0.0, 30.0, 1000.0, 1e7])
def test_later_states_are_those_of_the_matrix_exponential(seconds: float, learned: NodeStates) -> None:
    for number, state in enumerate(STATES):
        found = learned.after(state, seconds)
        assert sum(found.values()) == pytest.approx(1.0)
        assert list(found.values()) == pytest.approx(expm(learned.rates() * seconds)[number], abs=1e-9)


def test_survival_agrees_with_simulation(learned: NodeStates) -> None:
    generator, rates, horizon, count = np.random.default_rng(2), learned.rates(), 600.0, 3000
    alive = 0
    for _ in range(count):
        state, now = 1, 0.0
        while state != 3:
            now += generator.exponential(-1 / rates[state, state])
            if now > horizon:
                alive += 1
                break
            state = int(generator.choice(4, p=np.where(np.arange(4) == state, 0, rates[state]) / -rates[state, state]))
    expected = learned.survival(BUSY, horizon)
    assert alive / count == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / count))


def test_survival_falls_with_time_and_is_none_where_it_fails_already(learned: NodeStates) -> None:
    values = [learned.survival(IDLE, seconds) for seconds in (0, 10, 100, 1000, 10_000)]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)
    assert learned.survival(FAILING, 1.0) == 0.0


def test_the_stationary_distribution_stays(learned: NodeStates) -> None:
    found = np.array(list(learned.stationary().values()))
    assert found @ learned.rates() == pytest.approx(np.zeros(4), abs=1e-12)
    assert list(learned.after(HOT, 1e6).values()) == pytest.approx(found, abs=1e-9)


def test_nothing_seen_is_a_guess_that_history_replaces() -> None:
    fresh = NodeStates()
    assert fresh.observed == 0
    assert fresh.survival(IDLE, 3600) > 0.99
    fresh.observe(IDLE, 10.0, FAILING)
    assert fresh.survival(IDLE, 3600) < 0.75


def test_forgetting_makes_room_for_what_is_new() -> None:
    old = watched(2e5)
    before = old.rates()
    old.forget(0.5)
    assert np.allclose(old.rates(), before, rtol=0.3, atol=5e-4)
    assert old.observed == pytest.approx(watched(2e5).observed / 2)


def test_started_anew_it_knows_exactly_the_same(learned: NodeStates) -> None:
    again = NodeStates.from_plain(json.loads(json.dumps(learned.as_plain())))
    assert (again.rates() == learned.rates()).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NodeStates().observe(IDLE, -1.0), "seconds is -1.0: it must be a number, 0 or above"),
        (lambda: NodeStates().observe(IDLE, math.nan), "seconds is nan: it must be a number, 0 or above"),
        (lambda: NodeStates().observe(IDLE, 1.0, IDLE), "then is idle, as is the state"),
        (lambda: NodeStates().after(IDLE, -1.0), "seconds is -1.0: it must be a number, 0 or above"),
        (lambda: NodeStates().survival(IDLE, math.inf), "seconds is inf: it must be a number, 0 or above"),
        (lambda: NodeStates().forget(0.0), "remembered is 0.0: it must be above 0 and up to 1"),
        (lambda: NodeStates.from_plain({"seconds": {"idle": -1}}), "seconds.idle is -1: it must be a number, 0 or above"),
        (lambda: NodeStates.from_plain({"moves": {"idle-hot": "x"}}), "moves.idle-hot is 'x': it must be a number, 0 or above"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_states_have_names() -> None:
    assert [each.value for each in NodeState] == ["idle", "busy", "hot", "failing"]
