"""How full a node is, the base of best fit and spread."""

import numpy as np

from bayplan.cluster import Cluster, IntArray
from bayplan.protocols import FloatArray
from bayplan.workload import RequestClass

_PODS = "pods"


def fullness_after(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """Per row, the mean over the resources asked for of (used + asked) / allocatable, from 0 to 1.

    The number of pods counts only where nothing else is asked for: it is a limit, hardly ever a resource that is short.
    """
    columns, amounts = cluster.demand(request_class)
    names = cluster.resources
    real = np.array([names[column] != _PODS for column in columns.tolist()], bool)
    if real.any():
        columns, amounts = columns[real], amounts[real]
    if not len(columns):
        return np.zeros(len(rows))
    there = cluster.allocatable[rows][:, columns]
    used = cluster.used[rows][:, columns] + amounts
    return np.asarray(np.clip(used / np.maximum(there, 1), 0.0, 1.0).mean(axis=1))


def idle_devices(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """Per row, the share of its device kinds (extended resources) of which some are free and none is asked for."""
    names = cluster.resources
    asked = {name for name, amount in request_class.resources if amount > 0}
    columns = [c for c, name in enumerate(names) if "/" in name and name not in asked]
    if not columns:
        return np.zeros(len(rows))
    there = cluster.allocatable[rows][:, columns]
    free = there - cluster.used[rows][:, columns]
    kinds = (there > 0).sum(axis=1)
    return np.asarray(((free > 0) & (there > 0)).sum(axis=1) / np.maximum(kinds, 1))
