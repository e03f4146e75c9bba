"""Risk of load: nodes that are busy, or whose load varies much, are worse."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from bayplan.arrays import FloatArray
from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.protocols import Places
from bayplan.scoring.load_shares import shares
from bayplan.workload import Request


@dataclass(frozen=True, slots=True)
class LoadRisk:
    """1 - (mu + margin sigma^(1 / sensitivity)) / 2, both terms at most 1, of the resource where that is least. O(places).

    mu: estimated share with the request on the node; sigma: standard deviation of the measured share. As in
    LoadVariationRiskBalancing (Kubernetes scheduler plugins, Trimaran). While no variance is known it ranks nodes as
    `LeastMeasuredLoad` does.
    """

    margin: float = 1.0
    """How much variation counts beside the mean."""
    sensitivity: float = 1.0
    """Above 1, small variation counts more; below, less."""

    def __post_init__(self) -> None:
        """Check the figures. Raises `ValueError`."""
        if self.margin < 0:
            raise ValueError(f"margin is {self.margin:g}: it must be 0 or above")
        if self.sensitivity <= 0:
            raise ValueError(f"sensitivity is {self.sensitivity:g}: it must be above 0")

    uses_load = True

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """Of the estimate."""
        return context.load

    def __call__(self, request: Request, cluster: Cluster, places: Places, context: Context) -> FloatArray:
        """One score per place."""
        found = shares(request.request_class, cluster, places.rows, context.load)
        spread = np.minimum(self.margin * np.minimum(found.deviation, 1.0) ** (1.0 / self.sensitivity), 1.0)
        risk = (np.minimum(found.mean, 1.0) + spread) / 2.0
        return np.asarray(1.0 - risk.max(axis=1, initial=0.0))
