"""Least loaded: the node of whose busiest resource the most is left afterwards."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer


@dataclass(frozen=True, slots=True)
class LeastLoaded(Scorer):
    """1 - the largest share in use of any resource that is asked for, the request included. O(places).

    Greedy load balancing, Graham's list scheduling (1966) on requested shares. It tells nodes apart by their fullest
    resource, `Spread` by the mean.
    """

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        demand = cluster.demand(request.request_class)
        if not len(demand.columns):
            return np.ones(len(places.rows))
        at = (places.rows[:, None], demand.columns)
        share = (cluster.used[at] + demand.amounts) / np.maximum(cluster.allocatable[at], 1)
        return np.asarray(1.0 - np.minimum(share, 1.0).max(axis=1))
