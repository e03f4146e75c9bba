"""Fusing what models answer: means of values, votes on labels, means of log-odds.

Every function takes one array for each model, all of one shape: values of any shape; probabilities (samples, classes),
or (samples,) of the positive class of two; labels (samples,) as whole numbers. None depends on the order of the models.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.sums import WeightedSum
from bayplan.collaboration.fusion.tensors import Array, ArraySource, agreed
from bayplan.collaboration.fusion.weights import Floats, normalised

Labels = npt.NDArray[np.int64]
_SUM = 1e-3
"""How far probabilities may be from a sum of one: those in float16 are as far."""


def mean(outputs: Sequence[Array], weights: Sequence[float] | None = None) -> Floats:
    """The weighted mean, of the outputs' shape, in float64. Raises `FusionError`."""
    arrays = _alike(outputs)
    return combined(arrays, normalised(weights, len(arrays)).tolist())


def combined(outputs: Sequence[Array], weights: Sequence[float]) -> Floats:
    """Sum of weight times output, by weights of any sign."""
    flat = [np.ascontiguousarray(each).reshape(-1) for each in outputs]
    return WeightedSum(len(flat[0])).of(weights, flat).reshape(outputs[0].shape)


def majority_vote(outputs: Sequence[Array], weights: Sequence[float] | None = None) -> Labels:
    """The label with most votes, (...,): of labels as they are, of probabilities the most probable one's.

    Where labels have equally many votes, the smallest wins. Raises `FusionError`.
    """
    votes = [labels_of(each) for each in _alike(outputs)]
    normalised(weights, len(votes))  # refuses what is no weight
    shares = [1.0] * len(votes) if weights is None else [float(each) for each in weights]
    known = np.unique(np.concatenate([each.reshape(-1) for each in votes]))
    count = np.zeros((len(known), *votes[0].shape))
    for position in sorted(range(len(votes)), key=shares.__getitem__):  # equal weights add the same in any order
        for row, label in enumerate(known):
            count[row] += shares[position] * (votes[position] == label)
    return np.asarray(known[np.argmax(count, axis=0)], dtype=np.int64)


def soft_vote(probabilities: Sequence[Array], weights: Sequence[float] | None = None) -> Labels:
    """The label of the largest mean probability, (...,); the smallest of equal ones. Raises `FusionError`."""
    return labels_of(mean(_probabilities(probabilities), weights))


def log_odds(probabilities: Sequence[Array], weights: Sequence[float] | None = None, epsilon: float = 1e-12) -> Floats:
    """The logarithmic opinion pool: probabilities, of the inputs' shape, in proportion to exp(sum of w_i log p_i).

    Of two classes, this is the mean of log-odds. Probabilities are kept `epsilon` from 0 and 1, so that no input alone decides.
    Source: Genest, Zidek, "Combining Probability Distributions" (Statistical Science, 1986). Raises `FusionError`.
    """
    arrays = [np.clip(each.astype(np.float64), epsilon, 1 - epsilon) for each in _probabilities(probabilities)]
    shares = normalised(weights, len(arrays)).tolist()
    if _binary(arrays[0]):
        odds = combined([np.log(each) - np.log1p(-each) for each in arrays], shares)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))
    logs = combined([np.log(each) for each in arrays], shares)
    pool = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(pool / pool.sum(axis=-1, keepdims=True))


def labels_of(output: Array) -> Labels:
    """Labels, (...,): whole numbers as they are, of probabilities (..., classes) the most probable, of two classes 0 or 1."""
    if output.dtype.kind in "iub":
        return output.astype(np.int64)
    if _binary(output):
        _check_probabilities(output, "the output")
        return (output > 0.5).astype(np.int64)
    return np.asarray(np.argmax(output, axis=-1), dtype=np.int64)


def _binary(output: Array) -> bool:
    return output.ndim < 2


def _alike(outputs: Sequence[Array]) -> list[Array]:
    """Raises `FusionError` where shapes or types differ, and where a value is not finite."""
    arrays = [np.asarray(each) for each in outputs]
    agreed([ArraySource({"output": each}, f"outputs[{position}]") for position, each in enumerate(arrays)])
    for position, each in enumerate(arrays):
        if not np.isfinite(each).all():
            wrong = "NaN" if np.isnan(each).any() else "infinite"
            raise FusionError(f"outputs[{position}] is {wrong} somewhere: every value must be a finite number")
    return arrays


def _probabilities(outputs: Sequence[Array]) -> list[Array]:
    arrays = _alike(outputs)
    for position, each in enumerate(arrays):
        _check_probabilities(each, f"outputs[{position}]")
    return arrays


def _check_probabilities(output: Array, label: str) -> None:
    if output.size and (output.min() < 0 or output.max() > 1):
        raise FusionError(f"{label} holds {output.min():g} to {output.max():g}: probabilities lie between 0 and 1")
    if not _binary(output) and output.size and np.abs(output.sum(axis=-1, dtype=np.float64) - 1).max() > _SUM:
        raise FusionError(f"{label}: the probabilities of a sample must sum to 1 over the last axis")
