"""Spread (worst fit): the node that is emptiest afterwards, so that pods do not crowd."""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.fullness import fullness_after, sparing


@dataclass(frozen=True, slots=True)
class Spread(Scorer):
    """(1 - fullness + 2 sparing) / 3, both from 0 to 1, see `fullness`. Worst fit (Johnson 1973). O(places)."""

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        emptiness = 1.0 - fullness_after(request.request_class, cluster, places.rows)
        return (emptiness + 2.0 * sparing(request.request_class, cluster, places.rows)) / 3.0
