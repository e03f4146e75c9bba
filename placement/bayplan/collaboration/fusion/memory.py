"""Fusing models that are in memory: what `passes` does, from arrays to arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.collaboration.fusion.inputs import FusionInputs
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.passes import FusionReport, fuse_into
from bayplan.collaboration.fusion.tensors import Array, ArraySink, ArraySource

Model = Mapping[str, Array]
"""Arrays by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known besides the models; as in `FusionInputs`, with models in memory."""

    weights: Sequence[float] | None = None
    reference: Model | None = None
    state: Model | None = None
    ages: Sequence[float] | None = None
    labels: Sequence[Mapping[str, float]] | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Fused:
    """A new model, what the server keeps for the next round (`ModelFacts.state`), and what is to be said.

    Most methods keep nothing: `state` is empty.
    """

    model: dict[str, Array]
    state: dict[str, Array]
    report: FusionReport


_NOTHING = ModelFacts()


def fuse(
    plan: FusionPlan, models: Sequence[Model], known: ModelFacts = _NOTHING, generator: np.random.Generator | None = None
) -> Fused:
    """One model of several, in the types of the inputs. The same numbers as from files, bit for bit. Raises `FusionError`."""
    inputs = FusionInputs(
        sources=[ArraySource(each, f"models[{position}]") for position, each in enumerate(models)],
        weights=known.weights,
        reference=None if known.reference is None else ArraySource(known.reference, "the reference"),
        state=None if known.state is None else ArraySource(known.state, "the state"),
        ages=known.ages,
        labels=known.labels,
        first=known.first,
    )
    out, state = ArraySink(), ArraySink()
    report = fuse_into(plan, inputs, out, state, generator)
    return Fused(out.model, state.model, report)
