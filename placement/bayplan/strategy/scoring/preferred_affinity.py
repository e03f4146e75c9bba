"""What pods prefer and nodes would rather not have: preferred node affinity, and PreferNoSchedule taints."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters.taints import dislikes
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer


@dataclass(frozen=True, slots=True)
class PreferredAffinity(Scorer):
    """The share of the preferred terms' weight that a node matches; 1 everywhere if nothing is preferred.

    Halved where a PreferNoSchedule taint is not tolerated. O(terms x nodes), once per static version.
    """

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        asked = request.request_class
        if not asked.preferred and cluster.taint_sets == [()]:
            return np.ones(len(places.rows))
        key = ("preferred", asked.preferred, asked.tolerations)
        return cluster.static_memo(key, lambda: _all_rows(asked, cluster))[places.rows]


def _all_rows(request_class: RequestClass, cluster: Cluster) -> FloatArray:
    rows = np.arange(cluster.rows)
    # An empty term has no effect, whatever its weight (Kubernetes API, PreferredSchedulingTerm).
    preferred = [each for each in request_class.preferred if each.term.expressions or each.term.fields]
    total = sum(each.weight for each in preferred)
    matched = np.zeros(cluster.rows) if total > 0 else np.ones(cluster.rows)
    for each in preferred:
        matched += cluster.labels.matches(each.term, rows) * (each.weight / total)
    disliked = np.array([dislikes(these, request_class.tolerations) for these in cluster.taint_sets], bool)
    return np.where(disliked[cluster.taint_set], matched / 2, matched)
