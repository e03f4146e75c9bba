"""How long rounds go on: until a condition holds, there is no progress, or there were enough."""

import math
from dataclasses import dataclass

from bayplan.collaboration.rounds.errors import RoundError
from bayplan.lifecycle.conditions import Condition, Measure, measured_by

MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long rounds go on without progress. Raises `RoundError`."""

    rounds: int
    """So many rounds without progress in a row end it."""
    measure: Measure
    maximise: bool = True
    min_delta: float = 0.0
    """Progress is to be better than the best so far by more than this, 0 or above."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.rounds < 1:
            raise RoundError(f"patience is {self.rounds}: it must be 1 or above")
        if not (math.isfinite(self.min_delta) and self.min_delta >= 0):
            raise RoundError(f"minDelta is {self.min_delta}: it must be a number, 0 or above")

    @classmethod
    def by_condition(cls, rounds: int, until: Condition | None, min_delta: float = 0.0) -> "Patience":
        """Progress towards the condition, if it compares one measure with a number. Raises `RoundError` if it does not."""
        found = measured_by(until) if until is not None else None
        if found is None:
            raise RoundError(
                "patience does not know what progress is: name a metric, or let until compare one result with a number, as in "
                "evaluate.accuracy >= 0.95"
            )
        return cls(rounds, found[0], found[1], min_delta)


@dataclass(frozen=True, slots=True)
class RoundRule:
    """When rounds end. Raises `RoundError`."""

    most: int
    """The last round, 1 to 1,000."""
    until: Condition | None = None
    patience: Patience | None = None

    def __post_init__(self) -> None:
        """Check the figures."""
        if not 1 <= self.most <= MOST_ROUNDS:
            raise RoundError(f"max is {self.most}: it must be from 1 to {MOST_ROUNDS}")
        never = self.until.never() if self.until is not None else None
        if never is not None:
            raise RoundError(f"until can never be true: {never}")
