"""Target utilisation: pack up to a target, spread beyond it."""

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

_ROUNDING = 1e-9
"""A sum of shares that would be the target is not beyond it by the way it was added up."""


@dataclass(frozen=True, slots=True)
class TargetUtilization(Scorer):
    """Two straight lines over x, the estimated share of the busiest resource with the request on the node. O(places).

    From `target` at x = 0 up to 1 at x = target; beyond, from `target` down to 0 at x = 1. So a node that would stay
    within the target is never worse than one that would leave it. The shape of TargetLoadPacking (Kubernetes
    scheduler plugins, Trimaran; enhancement proposal 61 there), which looks at CPU alone.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.LOAD})
    target: float = 0.6

    def __post_init__(self) -> None:
        """Check the target. Raises `ValueError`."""
        if not 0 < self.target < 1:
            raise ValueError(f"target is {self.target:g}: it must be a share between 0 and 1")

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        target, mean = self.target, shares(request.request_class, cluster, places.rows, context.load).mean
        x = np.minimum(mean.max(axis=1, initial=0.0), 1.0)
        up, down = target + (1.0 - target) * x / target, target * (1.0 - x) / (1.0 - target)
        return np.asarray(np.where(x <= target + _ROUNDING, up, down))
