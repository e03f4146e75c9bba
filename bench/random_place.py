"""The published baseline that places by lot: any node with room, and any of its GPUs with room."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer

_WITHIN = 1e-6


@dataclass(frozen=True, slots=True)
class RandomPlace(Scorer):
    """A lot per node, and per GPU within it; drawn again for every request."""

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """Of the number of the request."""
        return context.turn

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        generator = np.random.default_rng((context.seed, context.turn))
        node = generator.random(cluster.rows)[places.rows]
        if not len(places.rows) or places.devices[0] < 0:
            return node
        # A place stands for all GPUs of the node that have as much free: the best of as many lots.
        free = cluster.gpu_free[places.rows]
        alike = (free == free[np.arange(len(free)), places.devices][:, None]).sum(axis=1)
        within = generator.random(len(free)) ** (1.0 / alike)
        return np.asarray((node + _WITHIN * within) / (1.0 + _WITHIN))
