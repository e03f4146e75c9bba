"""The longest chain of work still ahead first: the list-scheduling rule of Hu (1961), by duration."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context


def critical_path(requests: Sequence[Request], context: Context) -> FloatArray:
    """The negated seconds to the end of the request's graph."""
    return np.array([-request.critical_path for request in requests], np.float64)
