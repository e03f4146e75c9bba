"""What an adaptive policy is to do well: one figure per graph, made comparable between graphs of different sizes."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.spelling import unknown
from bayplan.strategy.adaptive.ended import Ended

FAILED = 10.0
"""A graph that failed counts as if it had taken ten times as long as need be, or cost ten times as much as usual."""


@dataclass(frozen=True, slots=True)
class GraphObjective:
    """Figures of which less is better."""

    words: str
    value: Callable[[Ended, Cluster], float | None]
    """What the bandit learns from a graph; none: the graph says nothing about this objective."""
    shown: Callable[[float], float]
    """From there to the figure that users read."""


def objective(name: str) -> GraphObjective:
    """The objective of that name. Raises `ValueError` with the nearest right one."""
    if name not in OBJECTIVES:
        raise ValueError(unknown("objective", name, OBJECTIVES))
    return OBJECTIVES[name]


def response_time(ended: Ended, cluster: Cluster) -> float | None:
    """The log of the slowdown: the response time over the least possible."""
    if ended.least <= 0 or ended.response <= 0:
        return None
    return _failed_at_best(ended, math.log(ended.response / ended.least), math.log(FAILED))


def waiting(ended: Ended, cluster: Cluster) -> float | None:
    """log(1 + w), w: seconds beyond the longest chain as it ran, over the least possible response time."""
    if ended.least <= 0:
        return None
    waited = max(0.0, ended.response - ended.chain) / ended.least
    return _failed_at_best(ended, math.log1p(waited), math.log1p(FAILED))


def deadline_misses(ended: Ended, cluster: Cluster) -> float | None:
    """1 where the graph did not succeed by its deadline, else 0; a graph without one says nothing."""
    if ended.deadline is None:
        return None
    return float(not ended.succeeded or ended.response > ended.deadline)


def cost(ended: Ended, cluster: Cluster) -> float | None:
    """The price of what ran over what is usual; where no node has a price, a graph says nothing."""
    paid, usual = ended.costs(cluster)
    return _failed_at_best(ended, paid / usual, FAILED) if usual > 0 else None


def _failed_at_best(ended: Ended, value: float, failed: float) -> float:
    return value if ended.succeeded else max(value, failed)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


OBJECTIVES: Mapping[str, GraphObjective] = {
    "ResponseTime": GraphObjective("slowdown", response_time, math.exp),
    "Waiting": GraphObjective("wait over the least time", waiting, math.expm1),
    "DeadlineMisses": GraphObjective("share of deadlines missed", deadline_misses, _share),
    "Cost": GraphObjective("cost over the usual", cost, float),
}
