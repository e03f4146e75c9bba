"""The request that came first goes first."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context


def age(requests: Sequence[Request], context: Context) -> FloatArray:
    """The place of the arrival among all arrivals. O(n log n)."""
    arrivals: list[Any] = sorted({request.arrival for request in requests})
    place = {arrival: number for number, arrival in enumerate(arrivals)}
    return np.array([place[request.arrival] for request in requests], np.float64)
