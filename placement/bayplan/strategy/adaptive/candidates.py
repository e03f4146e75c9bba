"""The strategies that an adaptive policy chooses from, compiled."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.strategy.adaptive.objectives import objective
from bayplan.strategy.protocols import Strategy

DISCOUNT = 0.98
MINIMUM = 3


@dataclass(frozen=True, slots=True)
class Adaptive:
    """What an adaptive policy may do. Raises `ValueError` that names the field."""

    candidates: Mapping[str, Strategy]
    """By name, at least two; the first is the first to be tried."""
    objective: str = "ResponseTime"
    discount: float = DISCOUNT
    """How much every earlier graph counts after one more, above 0 and up to 1: 1 forgets nothing, 0.98 lives on the last 50."""
    minimum: int = MINIMUM
    """So many graphs try each candidate before any is preferred."""

    def __post_init__(self) -> None:
        """Check the figures."""
        objective(self.objective)
        if len(self.candidates) < 2:
            raise ValueError(f"candidates has {len(self.candidates)} entries: name at least two to choose from")
        if not (math.isfinite(self.discount) and 0 < self.discount <= 1):
            raise ValueError(f"discount is {self.discount}: it must be above 0 and up to 1")
        if self.minimum < 1:
            raise ValueError(f"minimum is {self.minimum}: it must be 1 or above")
