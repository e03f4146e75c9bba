"""Least measured load: the node whose busiest resource is least busy, by what is measured and what is to be expected."""

from collections.abc import Hashable
from dataclasses import dataclass

from bayplan.arrays import FloatArray
from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.protocols import Places
from bayplan.scoring.load_shares import shares
from bayplan.workload import Request


@dataclass(frozen=True, slots=True)
class LeastMeasuredLoad:
    """1 - the estimated share in use of the busiest resource that concerns the request, the request included. O(places).

    `LeastLoaded` with load in place of requests, and the same as that while no load is known.
    """

    uses_load = True

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """Of the estimate."""
        return context.load

    def __call__(self, request: Request, cluster: Cluster, places: Places, context: Context) -> FloatArray:
        """One score per place."""
        return 1.0 - shares(request.request_class, cluster, places.rows, context.load).busiest
