"""Draws that are the same for ever: on every machine, with every version of Python and numpy, whatever else is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_Thing = TypeVar("_Thing")


class Lots:
    """Uses nothing of `Random` but `random()` and its seeding from text, whose results Python keeps from version to version."""

    def __init__(self, *key: object) -> None:
        self._random = Random(" ".join(map(str, key)))

    def whole(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def real(self, low: float, high: float) -> float:
        """In thousandths."""
        return round(low + (high - low) * self._random.random(), 3)

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def among(self, things: Sequence[_Thing]) -> _Thing:
        return things[self.whole(0, len(things) - 1)]

    def some(self, things: Sequence[_Thing], count: int) -> list[_Thing]:
        """So many different ones, or all there are, in an order by lot."""
        left = list(things)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(min(count, len(left)))]
