"""Fragmentation gradient descent (FGD), as published: the place that breaks up the fewest free GPUs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.fragmentation import PARTS
from bayplan.knowledge.arrivals.model import MixModel
from bayplan.knowledge.arrivals.view import asked, columns, view
from bayplan.model.arrays import FloatArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import Request
from bayplan.solvers.kernels.packing.fragmentation import unusable
from bayplan.solvers.kernels.packing.states import NOTHING, states_after
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Scorer
from bayplan.strategy.scoring.best_fit import BestFit

_BEST_FIT = BestFit()


@dataclass(frozen=True, slots=True)
class FragmentationGradient(Scorer):
    """Whole per cent of sigmoid(GPUs that the place makes usable for typical requests), truncated. O(places x typical).

    Weng et al., "Beware of Fragmentation", USENIX ATC 2023, in the form that was measured there: the rounding, together
    with the choice by name among equals, is part of what makes it good. Without a mix: best fit.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.MIX})

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        model = context.mix
        if not isinstance(model, MixModel):
            return _BEST_FIT(request, cluster, places, context)
        kinds, nodes, typical = view(cluster, model).kinds[places.rows], columns(cluster), model.typical
        before, after = (
            unusable(states_after(places.rows, places.devices, asks, nodes), kinds, *typical)
            for asks in (NOTHING, asked(cluster, request.request_class))
        )
        gained = (before - after) / (PARTS * WHOLE)
        return np.asarray(np.floor(100.0 / (1.0 + np.exp(-gained))) / 100.0)
