"""The request that is due first goes first."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context


def earliest_deadline(requests: Sequence[Request], context: Context) -> FloatArray:
    """The deadline; those without one last. O(n).

    The rule of Jackson (1955), optimal for the largest lateness on one machine.
    """
    return np.array([np.inf if each.deadline is None else each.deadline for each in requests], np.float64)
