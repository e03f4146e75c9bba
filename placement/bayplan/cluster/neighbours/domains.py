"""The domains of a topology: the nodes with the same value of a label."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, IntArray


def domains(cluster: Cluster, key: str) -> IntArray:
    """Per row, the number of its domain; -1 where there is no node, or it has no such label."""
    return cluster.static_memo(("domains", key), lambda: cluster.labels.numbers(key, cluster.rows))


def anywhere_near(cluster: Cluster, key: str, rows: IntArray) -> BoolArray:
    """Per row: it is in the domain of one of the rows given."""
    domain = domains(cluster, key)
    inside = np.zeros(int(domain.max(initial=-1)) + 2, bool)
    inside[domain[rows]] = True
    inside[-1] = False  # where there is no domain, a number of -1 points here
    return inside[domain]
