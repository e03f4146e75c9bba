"""Weights of an ensemble that fit a validation split best, and what each member adds there."""

from collections.abc import Sequence

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.outputs import mean
from bayplan.collaboration.fusion.tensors import Array
from bayplan.collaboration.fusion.weights import Floats


def solved_weights(
    outputs: Sequence[Array], targets: Array, *, non_negative: bool = True, samples: Sequence[float] | None = None
) -> Floats:
    """Weights (models,) with sum one that minimise the weighted squared error of the mean on a validation split.

    `outputs`: of each model, values of the targets' shape, or probabilities (samples, classes). `targets`: values, or labels
    (samples,) as whole numbers from 0. `samples`: a weight for each sample; equal ones where none are given.

    Since the weights sum to one, the error is E w, where column i of E is the error of model i. The w >= 0 with sum one that
    minimises |E w| has the direction of the u >= 0 that minimises |E u|^2 + (sum of u - 1)^2: for any scale of u = s w, the
    least of the latter is |E w|^2 / (1 + |E w|^2). Sources: Lawson, Hanson, "Solving Least Squares Problems" (1974),
    chapter 23, for the solver; Breiman, "Stacked Regressions" (Machine Learning, 1996), for the ensemble. Raises `FusionError`.
    Cost: a QR decomposition of all errors, O(samples * classes * models^2).
    """
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.optimize import nnls

    mean(outputs)  # refuses what cannot be fused
    errors = _errors(outputs, targets, samples)
    # Solvers round by the order of columns: one order for any order of the models.
    order: list[int] = sorted(range(len(outputs)), key=lambda position: errors[:, position].tobytes())
    factor: Floats = np.asarray(np.linalg.qr(errors[:, order], mode="r"))
    scale = float(np.abs(factor).max()) or 1.0
    system: Floats = np.vstack([factor / scale, np.ones(len(outputs))])
    wanted = np.append(np.zeros(len(factor)), 1.0)
    solution = nnls(system, wanted)[0] if non_negative else np.linalg.lstsq(system, wanted, rcond=None)[0]
    weights = np.empty(len(outputs))
    weights[order] = solution / solution.sum()
    return weights


def contributions(outputs: Sequence[Array], targets: Array) -> Floats:
    """How much larger the mean's squared error is without each model, (models,); 0 where it is not larger.

    Weights for a mean by contribution. Raises `FusionError`, also for a single model.
    """
    if len(outputs) < 2:
        raise FusionError("contributions need at least two models: one alone cannot be left out")
    wanted = wanted_values(outputs[0], targets)
    whole = _squared_error(mean(outputs), wanted)
    without = [mean([*outputs[:position], *outputs[position + 1 :]]) for position in range(len(outputs))]
    return np.array([max(0.0, _squared_error(each, wanted) - whole) for each in without])


def wanted_values(output: Array, targets: Array) -> Floats:
    """The targets in the output's shape: labels as one-hot rows. Raises `FusionError`."""
    if targets.shape == output.shape:
        values = targets.astype(np.float64)
        if not np.isfinite(values).all():
            raise FusionError("the targets are NaN or infinite somewhere: every value must be a finite number")
        return values
    if targets.shape != output.shape[:-1]:
        raise FusionError(
            f"the targets have the shape {list(targets.shape)} where the outputs have {list(output.shape)}: "
            "give values of that shape, or one label for each sample"
        )
    classes = output.shape[-1]
    if targets.dtype.kind == "f" and not (targets == np.floor(targets)).all():
        raise FusionError("the targets hold fractions: labels must be whole numbers")
    if targets.size and (targets.min() < 0 or targets.max() >= classes):
        raise FusionError(
            f"the targets hold labels {targets.min()} to {targets.max()}: there are the labels 0 to {classes - 1}"
        )
    return np.eye(classes)[targets.astype(np.int64)]


def _errors(outputs: Sequence[Array], targets: Array, samples: Sequence[float] | None) -> Floats:
    """(samples * values, models), each row scaled by the root of its sample's weight."""
    wanted = wanted_values(np.asarray(outputs[0]), np.asarray(targets))
    if not wanted.size:
        raise FusionError("the validation split is empty: there is nothing that weights could fit")
    columns = [np.asarray(each).astype(np.float64) - wanted for each in outputs]
    if samples is not None:
        roots = np.sqrt(_sample_weights(samples, len(wanted)))
        columns = [each * roots.reshape(-1, *[1] * (each.ndim - 1)) for each in columns]
    return np.column_stack([each.reshape(-1) for each in columns])


def _sample_weights(samples: Sequence[float], count: int) -> Floats:
    weights = np.asarray(samples, dtype=np.float64)
    if weights.shape != (count,):
        raise FusionError(f"there are {weights.size} weights for {count} samples: give one for each")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise FusionError("the samples' weights must be finite, at least 0, and not all 0")
    return weights


def _squared_error(values: Floats, wanted: Floats) -> float:
    return float(np.mean((values - wanted) ** 2))
