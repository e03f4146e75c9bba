"""Best fit: the node that is fullest afterwards, so that whole nodes stay free for large requests."""

from bayplan.cluster import Cluster
from bayplan.labels import IntArray
from bayplan.protocols import FloatArray
from bayplan.scoring.fullness import fullness_after, sparing
from bayplan.workload import RequestClass


def best_fit(request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
    """(fullness + 2 sparing) / 3, both from 0 to 1, see `fullness`. O(rows).

    Best fit as in bin packing (Johnson 1973), with the mean over the resources asked for as size. The weight
    of 2 puts every node on which no device would be stranded before every other.
    """
    fullness = fullness_after(request_class, cluster, rows)
    return (fullness + 2.0 * sparing(request_class, cluster, rows)) / 3.0
