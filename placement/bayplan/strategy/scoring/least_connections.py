"""Least connections: the node on which the fewest pods run."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.resources import PODS
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer


@dataclass(frozen=True, slots=True)
class LeastConnections(Scorer):
    """1 / (1 + pods on the node), whatever their size: the load balancers' rule of that name. O(places)."""

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        if PODS not in cluster.resources:
            return np.ones(len(places.rows))
        return np.asarray(1.0 / (1.0 + np.maximum(cluster.used[places.rows, cluster.resources.index(PODS)], 0)))
