"""Consensus: every model takes one step towards its neighbours, all at once from the same old values.

Source: Olfati-Saber, Fax, Murray, "Consensus and Cooperation in Networked Multi-Agent Systems" (Proceedings of the IEEE, 2007);
the bound on the step follows from the eigenvalues of I - alpha L.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.finite import refuse_infinite, require_finite
from bayplan.collaboration.fusion.memory import Model
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.sums import WeightedSum
from bayplan.collaboration.fusion.tensors import (
    CHUNK,
    Array,
    ArraySink,
    ArraySource,
    ModelSink,
    ModelSource,
    agreed,
    rounded,
    spans,
)
from bayplan.collaboration.fusion.topology import check_step, default_step, neighbours_named

Neighbours = npt.NDArray[np.bool_]
"""(models, models): True where two models are neighbours; symmetric."""


def consensus(plan: FusionPlan, models: Sequence[Model], adjacency: Neighbours | None = None) -> list[dict[str, Array]]:
    """One step of models in memory: theta_i - alpha * sum over neighbours of (theta_i - theta_j). Raises `FusionError`."""
    sinks = [ArraySink() for _ in models]
    sources = [ArraySource(each, f"models[{position}]") for position, each in enumerate(models)]
    consensus_into(plan, sources, sinks, adjacency)
    return [each.model for each in sinks]


def consensus_into(
    plan: FusionPlan, sources: Sequence[ModelSource], sinks: Sequence[ModelSink], adjacency: Neighbours | None = None
) -> float:
    """One step, read and written in chunks; answers alpha. `adjacency` goes before the plan's topology.

    Raises `FusionError` for a topology that is directed or not connected, and for alpha >= 2 / lambda_max of its Laplacian.
    Cost: one pass over all models, and one over each pair of neighbours.
    """
    layouts = agreed(sources)
    edges = neighbours_named(str(plan.values["topology"]), len(sources)) if adjacency is None else np.asarray(adjacency)
    alpha = plan.number("alpha")
    if alpha is None:
        alpha = default_step(edges)
    check_step(edges, alpha, len(sources))
    adder = WeightedSum(CHUNK)
    for sink in sinks:
        sink.begin(layouts)
    for name, layout in layouts.items():
        if not layout.floating:
            raise FusionError(f"{sources[0].label}: {name} is {layout.dtype}: a step would lose precision, so convert it")
        for start, stop in spans(layout.size):
            old = [each.chunk(name, start, stop).astype(np.float64) for each in sources]
            for source, chunk in zip(sources, old, strict=True):
                refuse_infinite(chunk, name, start, source)
            for position, sink in enumerate(sinks):
                with np.errstate(invalid="ignore", over="ignore"):  # found in the result, and named
                    near = [old[other] - old[position] for other in np.flatnonzero(edges[position])]
                    moved = old[position] + alpha * adder.of([1.0] * len(near), near) if near else old[position]
                    result = rounded(moved, layout.dtype)
                require_finite(result, name, start, ())
                sink.write(name, result)
    return alpha
