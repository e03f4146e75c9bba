"""Best fit: the node that is fullest afterwards, so that whole nodes stay free for large requests."""

from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.fullness import fullness_after, sparing


@dataclass(frozen=True, slots=True)
class BestFit(Scorer):
    """(fullness + 2 sparing) / 3, both from 0 to 1, see `fullness`. O(places).

    Best fit as in bin packing (Johnson 1973), with the mean over the resources asked for as size. The weight
    of 2 puts every node on which no device would be stranded before every other.
    """

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        fullness = fullness_after(request.request_class, cluster, places.rows)
        return (fullness + 2.0 * sparing(request.request_class, cluster, places.rows)) / 3.0
