"""How full a node is and what lies idle on it: the base of best fit and spread."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.resources import PODS, is_device
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.shares import free_share, used_share


def fullness_after(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """Per row, the mean over the resources asked for of (used + asked) / allocatable, from 0 to 1.

    The number of pods does not count: it is a limit, hardly ever a resource that is short.
    """
    demand = sized(request_class, cluster)
    if not len(demand.columns):
        return np.zeros(len(rows))
    return used_share(rows, demand.columns, demand.amounts, cluster.allocatable, cluster.used)


def sparing(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """Per row, from 0 to 1, how little the request would sit in the way of requests for the row's devices.

    (1 - stranded + spared) / 2. `stranded`: over the kinds of devices (extended resources) that are not
    asked for, the mean of the share that stands free, each kind weighing 1 / (nodes that have it). `spared`:
    1 if of the kinds that not every node has nothing stands free, else 0. So a request without GPUs keeps off
    free GPUs while there is another node, and rare devices are kept free first.
    """
    key = ("devices", request_class)
    columns, weights, uneven = cluster.static_memo(key, lambda: _others(request_class, cluster))
    if not len(columns):
        return np.ones(len(rows))
    stranded = free_share(rows, columns, weights, cluster.allocatable, cluster.used)
    spared = free_share(rows, columns, uneven, cluster.allocatable, cluster.used) == 0.0
    return np.asarray((1.0 - stranded + spared) / 2)


def sized(request_class: RequestClass, cluster: Cluster) -> Demand:
    """What a class asks for, the number of pods left out."""
    return cluster.static_memo(("sized", request_class), lambda: _without_pods(request_class, cluster))


def _without_pods(request_class: RequestClass, cluster: Cluster) -> Demand:
    demand, names = cluster.demand(request_class), cluster.resources
    kept = np.array([names[column] != PODS for column in demand.columns.tolist()], bool)
    return Demand(demand.columns[kept], demand.amounts[kept])


def _others(request_class: RequestClass, cluster: Cluster) -> tuple[IntArray, FloatArray, FloatArray]:
    """Columns of devices that nodes have and the class does not ask for, weights, 1 if some nodes lack it."""
    asked = {name for name, amount in request_class.resources if amount > 0}
    holders = cluster.static_memo("holders", lambda: (cluster.allocatable > 0).sum(axis=0))
    columns = [
        column
        for name, column in sorted(zip(cluster.resources, range(len(holders)), strict=True))
        if is_device(name) and name not in asked and holders[column] > 0
    ]
    having = holders[columns].astype(np.float64)
    weights = 1.0 / having
    uneven = (having < len(cluster)).astype(np.float64)
    return np.array(columns, np.int64), weights / weights.sum() if columns else weights, uneven
