"""Nodes as Markov chains over states, estimated from what was seen of them.

Time is continuous: nodes are seen whenever something happens, not at steps. From state i a node leaves for j at rate q_ij.
What is counted is the seconds spent in i and the moves from i to j; with a gamma prior on every rate the posterior is a
gamma again, with mean (guess_ij * SECONDS + moves) / (SECONDS + seconds). A posterior mean is used as the rate itself. The
distribution after t seconds is p exp(Q t).
"""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray


class NodeState(Enum):
    """What a node is doing, as far as it matters for what is placed there."""

    IDLE = "idle"
    BUSY = "busy"
    HOT = "hot"
    """Loaded beyond what is good for it."""
    FAILING = "failing"


STATES = tuple(NodeState)
_NUMBER = {state: number for number, state in enumerate(STATES)}
_COUNT = len(STATES)
PRIOR_SECONDS = 3600.0
"""The prior guess is worth so many seconds in every state."""
_TINY = 1e-300
_HOUR, _MONTH = 1 / 3600, 1 / (30 * 86400)
_GUESS = np.full((_COUNT, _COUNT), _HOUR)
_GUESS[:, _NUMBER[NodeState.FAILING]] = _MONTH
"""Of every rate: between the other states once an hour, failing once a month."""


class NodeStates:
    """The chain of one class of nodes: what was seen of all of them together, and what follows from it."""

    def __init__(self) -> None:
        self._seconds, self._moves = np.zeros(_COUNT), np.zeros((_COUNT, _COUNT))

    def observe(self, state: NodeState, seconds: float, then: NodeState | None = None) -> None:
        """A node was in that state for so long, and then moved; none: it is still there, or was lost from sight.

        Raises `ValueError` for seconds that are negative or no number, and for a move to the same state.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds is {seconds}: it must be a number, 0 or above")
        if then is state:
            raise ValueError(f"then is {then.value}, as is the state: it must be another, or none")
        self._seconds[_NUMBER[state]] += seconds
        if then is not None:
            self._moves[_NUMBER[state], _NUMBER[then]] += 1

    def forget(self, remembered: float) -> None:
        """Let all that was seen count so many times, above 0 and up to 1."""
        if not 0 < remembered <= 1:
            raise ValueError(f"remembered is {remembered}: it must be above 0 and up to 1")
        self._seconds *= remembered
        self._moves *= remembered

    @property
    def observed(self) -> float:
        """Seconds that were seen, in all states; 0: what is answered is the prior guess alone."""
        return float(self._seconds.sum())

    @property
    def failures(self) -> float:
        """How often nodes were seen to fail; 0: how often they do is the prior guess alone."""
        return float(self._moves[:, _NUMBER[NodeState.FAILING]].sum())

    def failing_rate(self, state: NodeState, seconds: float) -> float:
        """Failures per second: the constant rate with the same `survival` over so many seconds, -log(survival) / seconds.

        Raises `ValueError` unless seconds is above 0."""
        if not seconds > 0:
            raise ValueError(f"seconds is {seconds}: it must be above 0")
        return -math.log(max(self.survival(state, seconds), _TINY)) / seconds

    def rates(self) -> FloatArray:
        """The generator Q, shape (states, states), in the order of `STATES`: rates per second, rows that add up to 0."""
        rates = (_GUESS * PRIOR_SECONDS + self._moves) / (PRIOR_SECONDS + self._seconds)[:, None]
        np.fill_diagonal(rates, 0.0)
        np.fill_diagonal(rates, -rates.sum(axis=1))
        return np.asarray(rates)

    def after(self, state: NodeState, seconds: float) -> dict[NodeState, float]:
        """The probability of every state so many seconds later. Raises `ValueError` for negative seconds."""
        row = _exponential(self.rates(), seconds)[_NUMBER[state]]
        return dict(zip(STATES, (float(each) for each in row), strict=True))

    def survival(self, state: NodeState, seconds: float) -> float:
        """The probability that the node does not fail once within so many seconds. Raises `ValueError` for negative seconds.

        Failing is made a state that is never left; 0 for a node that is failing now.
        """
        rates = self.rates()
        failing = _NUMBER[NodeState.FAILING]
        rates[failing] = 0.0
        return float(1.0 - _exponential(rates, seconds)[_NUMBER[state], failing])

    def stationary(self) -> dict[NodeState, float]:
        """The share of time in every state in the long run: p Q = 0, p adds up to 1."""
        system = np.vstack([self.rates().T, np.ones(_COUNT)])
        found = np.linalg.lstsq(system, np.append(np.zeros(_COUNT), 1.0), rcond=None)[0]
        return dict(zip(STATES, (float(each) for each in found), strict=True))

    def as_plain(self) -> dict[str, Any]:
        """Numbers by name, to be handed to `from_plain`."""
        seconds = {state.value: float(self._seconds[number]) for state, number in _NUMBER.items()}
        moves = {
            f"{one.value}-{other.value}": float(self._moves[_NUMBER[one], _NUMBER[other]])
            for one in STATES
            for other in STATES
            if one is not other
        }
        return {"seconds": seconds, "moves": moves}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "NodeStates":
        """One that knows exactly what the other knew. Raises `ValueError` that names the field."""
        made = cls()
        for state, number in _NUMBER.items():
            made._seconds[number] = _number(plain, "seconds", state.value)
            for other, column in _NUMBER.items():
                if other is not state:
                    made._moves[number, column] = _number(plain, "moves", f"{state.value}-{other.value}")
        return made


def _exponential(rates: FloatArray, seconds: float) -> FloatArray:
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"seconds is {seconds}: it must be a number, 0 or above")
    # Rates differ by orders of magnitude; rounding must not leave the simplex.
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.linalg import expm

    found = np.clip(expm(rates * seconds), 0.0, 1.0)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _number(plain: Mapping[str, Any], part: str, name: str) -> float:
    values = plain.get(part, {})
    if not isinstance(values, Mapping):
        raise ValueError(f"{part} is {values!r}: it must be numbers by name")
    value = values.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{part}.{name} is {value!r}: it must be a number, 0 or above")
    return float(value)
