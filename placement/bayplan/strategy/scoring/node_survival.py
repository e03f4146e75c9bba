"""NodeSurvival: the node that most surely holds out until the task has ended."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.node_states.survival import horizon
from bayplan.model.arrays import FloatArray
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer

_HORIZON = 3600.0
"""Seconds, where it is not known how long the task runs."""


@dataclass(frozen=True, slots=True)
class NodeSurvival(Scorer):
    """The probability that the node does not fail within the task's expected duration; 1 for all where nothing was learned.

    O(rows) once per horizon, O(places) after that.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.SURVIVAL, Need.PER_TASK})

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """Of what is known of the nodes, and of how long the task runs."""
        return context.survival, horizon(request.duration)

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        if context.survival is None:
            return np.ones(len(places.rows))
        return np.asarray(context.survival.of(cluster, request.duration or _HORIZON)[places.rows])
