"""Spread (worst fit): the node that is emptiest afterwards, so that pods do not crowd."""

from bayplan.cluster import Cluster
from bayplan.labels import IntArray
from bayplan.protocols import FloatArray
from bayplan.scoring.fullness import fullness_after, sparing
from bayplan.workload import RequestClass


def spread(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """(1 - fullness + 2 sparing) / 3, both from 0 to 1, see `fullness`. O(rows)."""
    emptiness = 1.0 - fullness_after(request_class, cluster, rows)
    return (emptiness + 2.0 * sparing(request_class, cluster, rows)) / 3.0
