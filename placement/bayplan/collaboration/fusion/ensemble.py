"""The methods of the table that fuse outputs, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.collaboration.fusion import outputs as kernels
from bayplan.collaboration.fusion.distillation import soft_targets
from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.least_squares import solved_weights
from bayplan.collaboration.fusion.methods import WeightUse
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.planning import method_named
from bayplan.collaboration.fusion.tensors import Array
from bayplan.collaboration.fusion.weights import normalised


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What models answer on a validation split, and what would be right there."""

    outputs: Sequence[Array]
    targets: Array


def ensemble_weights(
    plan: FusionPlan, count: int, weights: Sequence[float] | None, validation: Validation | None
) -> tuple[float, ...]:
    """Of each model, summing to one. Raises `FusionError` where the method needs what is not given, or takes none."""
    method = method_named(plan.method)
    if method.targets:
        if weights is not None:
            raise FusionError(f"{plan.method} solves for its weights: give none")
        if validation is None:
            raise FusionError(f"{plan.method} needs outputs on a validation split, and its targets: none are given")
        if len(validation.outputs) != count:
            raise FusionError(f"there are {len(validation.outputs)} outputs on the validation split for {count} inputs")
        solved = solved_weights(validation.outputs, validation.targets, non_negative=bool(plan.values["nonNegative"]))
        return tuple(solved.tolist())
    if weights is None and method.weights is WeightUse.REQUIRED:
        raise FusionError(f"{plan.method} needs weights: give one for each input, or take Mean")
    if weights is not None and method.weights is WeightUse.NONE:
        raise FusionError(f"{plan.method} takes no weights: leave them away, or take WeightedMean")
    return tuple(normalised(weights, count).tolist())


def fuse_outputs(plan: FusionPlan, outputs: Sequence[Array], weights: Sequence[float]) -> Array:
    """One output of several: probabilities or values in float64, votes as labels in int64. Raises `FusionError`.

    `weights`: one for each, of any scale.
    """
    if plan.method == "MajorityVote":
        return kernels.majority_vote(outputs, weights)
    if plan.method == "SoftVote":
        return kernels.soft_vote(outputs, weights)
    if plan.method == "LogOdds":
        return kernels.log_odds(outputs, weights, plan.given("epsilon"))
    if plan.method == "SoftTargets":
        return soft_targets(outputs, plan.given("temperature"), weights)
    if plan.method == "WeightedLeastSquares":
        kernels.mean(outputs)  # refuses what cannot be fused
        return kernels.combined([np.asarray(each) for each in outputs], weights)
    if plan.method in ("Mean", "WeightedMean"):
        return kernels.mean(outputs, weights)
    raise FusionError(f"{plan.method} fuses models, not outputs")
