"""Whether a node is large enough, and whether enough of it is free."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.solvers.kernels import fit


def large_enough(cluster: Cluster, demand: Demand, rows: IntArray) -> BoolArray:
    """Per row given: empty, the node would hold the request."""
    if demand.impossible:
        return np.zeros(len(rows), bool)
    enough = (cluster.allocatable[rows[:, None], demand.columns] >= demand.amounts).all(axis=1)
    if demand.gpus is not None:
        enough &= cluster.gpu_count[rows] >= demand.gpus.count
    return np.asarray(enough)


def open_places(cluster: Cluster, demand: Demand, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Of the rows given those whose free room holds the request, and the GPU that a fraction of one would come from.

    Resources of which it asks nothing do not matter. A row appears once for each GPU worth telling apart, the tightest
    first; with -1 where whole GPUs or none are asked for.
    """
    if demand.impossible:
        return rows[:0], rows[:0]
    ask = demand.gpus
    gpus = (cluster.gpu_free, 0, 0) if ask is None else (cluster.gpu_free, ask.count, ask.thousandths)
    return fit.open_places(rows, demand.columns, demand.amounts, (cluster.allocatable, cluster.used), gpus)


def room(cluster: Cluster, demand: Demand, rows: IntArray) -> BoolArray:
    """Per row given: what is free holds the request."""
    roomy = np.zeros(cluster.rows, bool)
    roomy[open_places(cluster, demand, rows)[0]] = True
    return np.asarray(roomy[rows])
