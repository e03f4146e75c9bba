"""How many units of a class can run at once, and how fast."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Fit, Selector
from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import RequestClass

_NO_SPEEDS: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the shards of a task can run, by speed. Raises `ValueError`."""

    slots: tuple[int, ...]
    """How many at once, for each speed; 0 or above, not all 0."""
    speeds: tuple[float, ...] = (1.0,)
    """Twice the speed is half the time."""
    shared: Hashable = None
    """Equal for tasks that have to share their places."""
    known: bool = field(default=True, compare=False)
    """False: no node fits now, and it is taken that there will be a place for every shard."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if len(self.slots) != len(self.speeds):
            raise ValueError(f"there are {len(self.slots)} slots for {len(self.speeds)} speeds: there must be one each")
        if min(self.slots, default=0) < 0 or sum(self.slots) < 1:
            raise ValueError(f"slots is {self.slots}: there must be at least one, and none below 0")
        for speed in self.speeds:
            if not (math.isfinite(speed) and speed > 0):
                raise ValueError(f"speeds has {speed}: it must be a number above 0")

    @property
    def count(self) -> int:
        """Of all speeds."""
        return sum(self.slots)


def places_for(
    cluster: Cluster,
    request_class: RequestClass,
    selector: Selector = (),
    speeds: Mapping[str, float] = _NO_SPEEDS,
    unlimited: int = 1000,
) -> Places:
    """The places of a class on the nodes that fit it, each node taken as empty: what it has, not what is free at this instant.

    `selector`: the policy's; `speeds`: node class to speed, 1 where it is missing. Where no node fits now, those count that
    could later (not ready, cordoned); where there is none of these either, `unlimited` places of speed 1. O(nodes).
    """
    fit = Fit(request_class, selector)
    fit.refresh(cluster)
    rows = np.flatnonzero(fit.rows)
    if not len(rows):
        rows = np.flatnonzero(fit.some_day)
    if not len(rows):
        return Places((unlimited,), shared=request_class, known=False)
    held = _held(cluster, fit, rows)
    by_speed: dict[float, int] = {}
    node_class = cluster.node_class[rows]
    for number in np.unique(node_class).tolist():
        speed = speeds.get(cluster.node_classes[number], 1.0)
        by_speed[speed] = by_speed.get(speed, 0) + int(held[node_class == number].sum())
    ordered = sorted(by_speed, reverse=True)
    return Places(tuple(by_speed[speed] for speed in ordered), tuple(ordered), request_class)


def _held(cluster: Cluster, fit: Fit, rows: IntArray) -> IntArray:
    """Per row, how many units it holds when it is empty; at least 1, since it fits."""
    demand = fit.demand
    most = np.full(len(rows), np.iinfo(np.int64).max)
    if len(demand.columns):
        most = (cluster.allocatable[rows[:, None], demand.columns] // demand.amounts).min(axis=1)
    if demand.gpus is not None:
        per_gpu = WHOLE // demand.gpus.thousandths
        most = np.minimum(most, cluster.gpu_count[rows] * per_gpu // demand.gpus.count)
    return np.asarray(np.minimum(most, _MOST), np.int64)


_MOST = 100_000
"""Places of a node that count; a request for nothing at all would have no end of them."""
