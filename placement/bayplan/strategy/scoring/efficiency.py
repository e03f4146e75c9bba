"""Efficiency: the node on which the task achieves the most for what the node could do."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer

_UNKNOWN = 0.5


@dataclass(frozen=True, slots=True)
class EfficiencyScorer(Scorer):
    """f(task, node class) / e over the best of all node classes; 0.5 where f is not known. O(places + node classes).

    The greedy rule for maximising sum f/e: with it each task goes to the best class that still has room.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.EFFICIENCY, Need.PER_TASK})

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        if context.efficiency is None:
            return np.full(len(places.rows), _UNKNOWN)
        known = [context.efficiency.of(request.task, each) for each in cluster.node_classes]
        best = max((each for each in known if each is not None), default=0.0)
        scores = np.array([_UNKNOWN if each is None else each / best if best > 0 else 0.0 for each in known])
        return np.asarray(scores[cluster.node_class[places.rows]])
