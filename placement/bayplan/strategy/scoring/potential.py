"""Potential: the place that spoils the least of what free GPUs are worth to the requests that are expected."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.model import MixModel
from bayplan.knowledge.arrivals.prices import GPU
from bayplan.knowledge.arrivals.view import asked, view
from bayplan.model.arrays import FloatArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import Request
from bayplan.solvers.kernels.packing.rises import rises
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.best_fit import BestFit

_BEST_FIT = BestFit()
_THOUSANDTH = GPU / WHOLE
_EVEN = 3.0


@dataclass(frozen=True, slots=True)
class Potential(Scorer):
    """0.5 - x / (2000 + 2 |x|), x: thousandths of a GPU by which the place raises the potential. O(places).

    The potential of a node's free room (`knowledge.arrivals.model`) is what is expected to be stranded of it, less what
    it is worth; so x is the worth that the request takes away. While nothing is known of what will arrive: best fit.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.MIX})

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        model = context.mix
        if not isinstance(model, MixModel):
            return _BEST_FIT(request, cluster, places, context)
        seen, asks = view(cluster, model), asked(cluster, request.request_class)
        pairs, standing = (places.rows, places.devices), (seen.kinds, seen.standing)
        x = rises(pairs, asks, seen.nodes, standing, model.tables, seen.known) / _THOUSANDTH
        if request.request_class.gpus is None:
            # Most of these spoil nothing wherever they go.
            x += _EVEN * (1.0 - _BEST_FIT(request, cluster, places, context))
        return np.asarray(0.5 - x / (2.0 * WHOLE + 2.0 * np.abs(x)))
