"""What pods prefer and nodes would rather not have: preferred node affinity, and PreferNoSchedule taints."""

import numpy as np

from bayplan.cluster import Cluster, IntArray
from bayplan.context import Context
from bayplan.protocols import FloatArray
from bayplan.workload import RequestClass


def preferred_affinity(request_class: RequestClass, cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
    """The share of the preferred terms' weight that a node matches, halved where a PreferNoSchedule taint is not tolerated.

    1 for every node where nothing is preferred. O(terms x nodes) once per static version of the cluster.
    """
    key = ("preferred", request_class.preferred, request_class.tolerations, cluster.static_version)
    scores: FloatArray = cluster.memo(key, lambda: _all_rows(request_class, cluster))
    return scores[rows]


def _all_rows(request_class: RequestClass, cluster: Cluster) -> FloatArray:
    total = sum(preferred.weight for preferred in request_class.preferred)
    scores = np.ones(cluster.rows)
    if total > 0:
        scores[:] = 0.0
        for preferred in request_class.preferred:
            scores += cluster.labels.matches(preferred.term) * (preferred.weight / total)
    for row, taints in enumerate(cluster.taints):
        for taint in taints:
            if taint.effect == "PreferNoSchedule" and not any(t.tolerates(taint) for t in request_class.tolerations):
                scores[row] /= 2
                break
    return scores
