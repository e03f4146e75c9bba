"""How large a request is beside what nodes have."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.resources import is_device
from bayplan.model.workload import Request, RequestClass


def sizes(requests: Sequence[Request], cluster: Cluster) -> tuple[FloatArray, FloatArray]:
    """Per request, what it asks of the largest node: the share of its scarcest device, and of any resource.

    Both are dominant shares (Ghodsi et al. 2011); 0 where nothing is asked. Devices come first since what
    asks for none can go nearly anywhere, and would use up the rest of the nodes that have them.
    """
    by_class = {each.request_class: (0.0, 0.0) for each in requests}
    for request_class in by_class:
        by_class[request_class] = cluster.static_memo(("size", request_class), partial(_shares, request_class, cluster))
    pairs = np.array([by_class[each.request_class] for each in requests], np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _shares(request_class: RequestClass, cluster: Cluster) -> tuple[float, float]:
    demand = cluster.demand(request_class)
    if not len(demand.columns) or not cluster.rows:
        return 0.0, 0.0
    largest = cluster.static_memo("largest", lambda: cluster.allocatable.max(axis=0))
    names = cluster.resources
    shares = demand.amounts / np.maximum(largest[demand.columns], 1)
    device = np.array([is_device(names[column]) for column in demand.columns.tolist()], bool)
    return float(shares[device].max(initial=0.0)), float(shares.max())
