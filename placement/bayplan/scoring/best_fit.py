"""Best fit: the node that is fullest afterwards, so that whole nodes stay free for large requests."""

from bayplan.cluster import Cluster, IntArray
from bayplan.context import Context
from bayplan.protocols import FloatArray
from bayplan.scoring.fullness import fullness_after, idle_devices
from bayplan.workload import RequestClass


def best_fit(request_class: RequestClass, cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """Half the fullness of what is asked for, half for not sitting on devices that others need. O(rows).

    Best fit as in Johnson's bin packing (1973), with the mean over resources as size; the second half keeps requests without
    GPUs from nodes with free GPUs while others have room.
    """
    fullness = fullness_after(request_class, cluster, rows)
    return 0.5 * fullness + 0.5 * (1.0 - idle_devices(request_class, cluster, rows))
