"""Whether a node takes pods at the moment: it is ready and not cordoned."""

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters.taints import Tolerations, tolerates_cordon, untainted
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.reasons import Rejection


def ready(cluster: Cluster, tolerations: Tolerations, rows: IntArray) -> BoolArray:
    """Per row given: the node is ready, and no taint says otherwise.

    A node that is not ready is not used even by requests that tolerate the taint: nothing would start there.
    """
    return cluster.ready[rows] & untainted(cluster, tolerations, Rejection.NOT_READY, rows)


def schedulable(cluster: Cluster, tolerations: Tolerations, rows: IntArray) -> BoolArray:
    """Per row given: not cordoned, unless that is tolerated."""
    fits = untainted(cluster, tolerations, Rejection.UNSCHEDULABLE, rows)
    return fits if tolerates_cordon(tolerations) else fits & ~cluster.cordoned[rows]
