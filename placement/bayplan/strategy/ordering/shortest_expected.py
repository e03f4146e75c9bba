"""The request that is expected to be done soonest goes first, unless others have waited too long for it."""

from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need, needs

AGEING = 6.0
"""Of the log seconds: the request that has waited longest counts as if it ran e⁶ = 400 times shorter. One that has waited
half as long gains a quarter of it: nearly all go by run time, and only the longest waits are cut off."""
PATIENCE = 86400.0
"""Seconds, a day: while no request has waited so long, waits count as shares of it."""


@needs(Need.RUN_TIMES)
def shortest_expected(requests: Sequence[Request], context: Context) -> FloatArray:
    """The log of the expected run time less the square of the wait's share of the longest wait. O(requests).

    Shortest expected processing time is the best order on one machine without preemption (Rothkopf 1966). A request
    without an expected time counts as the median of the others. If none has one, the request that came first goes first.
    """
    waits = np.array([max(0.0, context.now - _since(each, context.now)) for each in requests], np.float64)
    if context.run_times is None:
        return keys(np.full(len(requests), np.nan), waits)
    return keys(context.run_times.log_expected(requests, context.now), waits)


def keys(expected: FloatArray, waits: FloatArray) -> FloatArray:
    """The keys from logs of expected seconds (NaN: unknown) and seconds waited; all of shape (requests,)."""
    known = ~np.isnan(expected)
    if not known.any():
        return -waits
    index = np.where(known, expected, np.median(expected[known]))
    return np.asarray(index - AGEING * (waits / max(PATIENCE, waits.max())) ** 2, np.float64)


def _since(request: Request, now: float) -> float:
    """Arrivals begin with seconds since the epoch; one that does not has not waited."""
    first = request.arrival[0] if request.arrival else now
    return float(first) if isinstance(first, int | float) else now
