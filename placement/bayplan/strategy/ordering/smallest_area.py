"""The request that takes least of the cluster goes first, unless others have come much earlier."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.gpu import WHOLE
from bayplan.model.resources import is_device
from bayplan.model.workload import Request
from bayplan.strategy.context import Context

_SMALL = 100.0
"""Areas far below it count as equal: processor seconds."""


@dataclass(frozen=True, slots=True)
class AreaRule:
    """What an area is worth in time."""

    patience: float
    """Seconds by which a request may come later and still go before one whose area is e times as large."""
    largest: float
    """Processor seconds: larger areas count as this one, so that they go in the order in which they came."""

    def key(self, request: Request) -> float:
        """The instant since which it could have started, and its area as so many seconds later."""
        seconds = self.patience * math.log1p(min(area(request), self.largest) / _SMALL)
        return since(request) + seconds


OFTEN = AreaRule(patience=1_000_000.0, largest=3_000_000.0)
"""Lowest slowdown with a longest wait as under F1: chosen on windows of the Lublin trace (`bench.queue --part lublin`)."""
SELDOM = AreaRule(patience=60_000.0, largest=1_000_000.0)
"""The longest wait is kept near that of first come, first served: chosen in the same way."""


def smallest_area(requests: Sequence[Request], context: Context) -> FloatArray:
    """When each could start, plus the log of its area times a long patience. O(n).

    Smallest area first is the best of the plain orders in Carastan-Santos et al., "One can only gain by replacing EASY
    backfilling" (CCGrid 2019). The log of the area and the arrival as one sum hold for any two requests at any time.
    """
    return np.array([OFTEN.key(each) for each in requests], np.float64)


def aged_area(requests: Sequence[Request], context: Context) -> FloatArray:
    """The same with a short patience. O(n)."""
    return np.array([SELDOM.key(each) for each in requests], np.float64)


def area(request: Request) -> float:
    """GPUs or other devices that it asks for, or processors where it asks for none, times its expected seconds; unknown:
    infinite."""
    if request.duration <= 0:
        return math.inf
    asked = request.request_class
    if asked.gpus is not None:
        return asked.gpus.count * asked.gpus.thousandths / WHOLE * request.duration
    devices = sum(amount for name, amount in asked.resources if is_device(name))
    return (devices or dict(asked.resources).get("cpu", 0) / 1000) * request.duration


def since(request: Request) -> float:
    """When it could have started, in seconds; where that is not known, when it arrived."""
    if request.since is not None:
        return request.since
    first = request.arrival[0] if request.arrival else 0.0
    return float(first) if isinstance(first, int | float) else 0.0
