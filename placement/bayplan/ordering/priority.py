"""The higher priority first."""

from collections.abc import Sequence

import numpy as np

from bayplan.arrays import FloatArray
from bayplan.context import Context
from bayplan.workload import Request


def priority(requests: Sequence[Request], context: Context) -> FloatArray:
    """The negated priority."""
    return np.array([-request.priority for request in requests], np.float64)
