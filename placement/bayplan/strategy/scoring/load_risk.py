"""Risk of load: nodes that are busy, or whose load varies much, are worse."""

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
class LoadRisk(Scorer):
    """1 - (mu + w h + margin sigma^(1 / sensitivity)) / (2 + w) of the resource where that is least.

    Each term is at most 1, or w. mu: estimated share with the request on the node; h: the share that no request
    explains; sigma: standard deviation of the share in use; w: `hidden_weight`. With w = 0, LoadVariationRiskBalancing
    (Kubernetes scheduler plugins, Trimaran). While no variance is known it ranks nodes as `LeastMeasuredLoad` does.
    O(places).
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.LOAD})
    margin: float = 1.0
    """How much variation counts beside the mean."""
    sensitivity: float = 1.0
    """Above 1, small variation counts more; below, less."""
    hidden_weight: float = 0.0
    """How much more load counts that no request explains, see `LeastMeasuredLoad`: a risk that shows in no variance."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if self.margin < 0:
            raise ValueError(f"margin is {self.margin:g}: it must be 0 or above")
        if self.sensitivity <= 0:
            raise ValueError(f"sensitivity is {self.sensitivity:g}: it must be above 0")
        if self.hidden_weight < 0:
            raise ValueError(f"hiddenWeight is {self.hidden_weight:g}: it must be 0 or above")

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        found = shares(request.request_class, cluster, places.rows, context.load)
        spread = np.minimum(self.margin * np.minimum(found.deviation, 1.0) ** (1.0 / self.sensitivity), 1.0)
        risk = (np.minimum(found.mean, 1.0) + self.hidden_weight * found.hidden + spread) / (2.0 + self.hidden_weight)
        return np.asarray(1.0 - risk.max(axis=1, initial=0.0))
