"""Mean and variance of figures as they come."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Running:
    """Mean and variance of figures as they come (Welford 1962)."""

    count: int = 0
    mean: float = 0.0
    _squares: float = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._squares += step * (value - self.mean)

    @property
    def variance(self) -> float:
        """Of the figures; 0 for fewer than two."""
        return self._squares / (self.count - 1) if self.count > 1 else 0.0

    def as_plain(self) -> dict[str, float]:
        """Numbers by name, to be handed to `from_plain`."""
        return {"count": self.count, "mean": self.mean, "squares": self._squares}

    @classmethod
    def from_plain(cls, plain: Mapping[str, float]) -> "Running":
        """One that knows exactly what the other knew. Raises `ValueError` that names the field."""
        for name in ("count", "mean", "squares"):
            if not math.isfinite(plain[name]):
                raise ValueError(f"{name} is {plain[name]}: it must be a number")
        if plain["count"] < 1 or plain["count"] != int(plain["count"]):
            raise ValueError(f"count is {plain['count']:g}: it must be a whole number, 1 or above")
        if plain["squares"] < 0:
            raise ValueError(f"squares is {plain['squares']}: it must not be negative")
        return cls(int(plain["count"]), plain["mean"], plain["squares"])
