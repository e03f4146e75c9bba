"""A figure of `bench.collaboration`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of working together reached with one seed, on the 450 test images."""

    experiment: str
    method: str
    model: str
    seed: int
    accuracy: float
    """A share from 0 to 1."""
