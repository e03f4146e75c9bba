"""The request that can least afford to wait goes first."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context


def least_slack(requests: Sequence[Request], context: Context) -> FloatArray:
    """Seconds from now to the deadline less the work still ahead; those without a deadline last. O(n).

    Work ahead: the chain to the end of the request's graph, or its own duration where that is longer. Least laxity
    first (Dertouzos & Mok 1989).
    """
    return np.array([_slack(each, context.now) for each in requests], np.float64)


def _slack(request: Request, now: float) -> float:
    if request.deadline is None:
        return np.inf
    return request.deadline - now - max(request.critical_path, request.duration)
