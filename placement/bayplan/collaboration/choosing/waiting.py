"""How long a candidate would wait for a node."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector, admission, room
from bayplan.model.workload import RequestClass

UNKNOWN = 60.0
"""Seconds that a run is taken to last of which nothing is known."""


def waits(
    cluster: Cluster, asked: RequestClass, selector: Selector, left: Callable[[frozenset[str]], Iterable[float]]
) -> float:
    """Seconds until a node can have one pod of a class: 0 where one has room now; infinite where none could ever hold it.

    Else until the first of our pods is expected to end on a node that could hold it. `selector`: the policy's; `left`: the
    seconds that each of our pods on such nodes has still to run. O(nodes) where there is room, else what `left` costs too.
    """
    fit = admission(cluster, asked, selector)
    rows = np.flatnonzero(fit.rows)
    if len(rows) and room(cluster, fit.demand, rows).any():
        return 0.0
    able = frozenset(cluster.names[row] for row in np.flatnonzero(fit.some_day).tolist())
    if not able:
        return math.inf
    return min(left(able), default=UNKNOWN)


def left_to_run(expected: float | None, started: float, now: float) -> float:
    """Seconds that a pod has still to run. `expected`: of its whole run; none: not known; `started`: NaN: it has not."""
    seconds = expected if expected is not None and math.isfinite(expected) and expected > 0 else UNKNOWN
    return max(0.0, seconds - (0.0 if math.isnan(started) else now - started))
