"""The higher priority first."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context


def priority(requests: Sequence[Request], context: Context) -> FloatArray:
    """The negated priority."""
    return np.array([-request.priority for request in requests], np.float64)
