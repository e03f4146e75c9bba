"""Whether a node is large enough, and whether enough of it is free."""

import numpy as np

from bayplan.cluster import Cluster, Demand
from bayplan.labels import BoolArray, IntArray


def large_enough(cluster: Cluster, demand: Demand, rows: IntArray) -> BoolArray:
    """Per row given: empty, the node would hold the request."""
    if demand.impossible:
        return np.zeros(len(rows), bool)
    return np.asarray((cluster.allocatable[rows[:, None], demand.columns] >= demand.amounts).all(axis=1))


def room(cluster: Cluster, demand: Demand, rows: IntArray) -> BoolArray:
    """Per row given: what is free holds the request. Resources of which it asks nothing do not matter."""
    if demand.impossible:
        return np.zeros(len(rows), bool)
    at = (rows[:, None], demand.columns)
    return np.asarray((cluster.allocatable[at] - cluster.used[at] >= demand.amounts).all(axis=1))
