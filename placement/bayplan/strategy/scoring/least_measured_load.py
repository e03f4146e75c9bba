"""Least measured load: the node whose busiest resource is least busy, by what is measured and what is to be expected."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.load_shares import shares


@dataclass(frozen=True, slots=True)
class LeastMeasuredLoad(Scorer):
    """1 - (x + w h) / (1 + w) of the resource where that is least, of those that concern the request. O(places).

    x: the estimated share in use, with the request on the node; h: the share of it that no request explains; w:
    `hidden_weight`. With w = 0, `LeastLoaded` with load in place of requests, and the same as that while no load is known.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.LOAD})
    hidden_weight: float = 0.0
    """How much more load counts that no request explains: tasks stay within what they ask for, it need not."""

    def __post_init__(self) -> None:
        """Check the weight. Raises `ValueError`."""
        if self.hidden_weight < 0:
            raise ValueError(f"hiddenWeight is {self.hidden_weight:g}: it must be 0 or above")

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        found, weight = shares(request.request_class, cluster, places.rows, context.load), self.hidden_weight
        busy = (found.mean + weight * found.hidden) / (1.0 + weight)
        return np.asarray(1.0 - np.minimum(busy.max(axis=1, initial=0.0), 1.0))
