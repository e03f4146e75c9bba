"""Spread (worst fit): the node that is emptiest afterwards, so that pods do not crowd."""

from bayplan.cluster import Cluster, IntArray
from bayplan.context import Context
from bayplan.protocols import FloatArray
from bayplan.scoring.fullness import fullness_after, idle_devices
from bayplan.workload import RequestClass


def spread(request_class: RequestClass, cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """Half the emptiness of what is asked for, half for not sitting on devices that others need. O(rows)."""
    emptiness = 1.0 - fullness_after(request_class, cluster, rows)
    return 0.5 * emptiness + 0.5 * (1.0 - idle_devices(request_class, cluster, rows))
