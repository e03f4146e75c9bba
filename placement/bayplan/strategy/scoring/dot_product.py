"""Dot product: the node whose free resources look most like the request."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.fullness import sized


@dataclass(frozen=True, slots=True)
class DotProduct(Scorer):
    """Sum over resources of (asked share) x (free share), over the sum of the asked shares. O(places).

    Shares are of the node. The alignment score of Tetris (Grandl et al., SIGCOMM 2014): large where much of what the
    request needs most is free, so that different resources run out together.
    """

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        demand = sized(request.request_class, cluster)
        if not len(demand.columns):
            return np.ones(len(places.rows))
        at = (places.rows[:, None], demand.columns)
        there = np.maximum(cluster.allocatable[at], 1)
        asked = demand.amounts / there
        free = np.maximum(cluster.allocatable[at] - cluster.used[at], 0) / there
        return np.asarray((asked * free).sum(axis=1) / asked.sum(axis=1))
