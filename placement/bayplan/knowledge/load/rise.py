"""How the load of a node grows with what was placed on it: the exponential model, and the linear one beside it."""

import numpy as np
from numpy.typing import ArrayLike

from bayplan.model.arrays import FloatArray


def load(times: ArrayLike, peaks: ArrayLike, rates: ArrayLike, factor: float = 1.0) -> FloatArray:
    """L(t) = a sum p_i (1 - exp(-lambda_i t)): each task's load rises fast, then ever more slowly, up to its peak.

    `times`: seconds since each task started, shape (..., tasks), or one time for all. `peaks`: p_i, shape (tasks,), in any
    one unit. `rates`: lambda_i per second, shape (tasks,). `factor`: a. Answers the shape of `times` without its last axis.
    Raises `ValueError` for what is negative or no number.
    """
    seconds, high, per_second = _checked(times, peaks, rates)
    return np.asarray(_factor(factor) * (high * -np.expm1(-per_second * seconds)).sum(axis=-1))


def linear_load(times: ArrayLike, peaks: ArrayLike, rates: ArrayLike, factor: float = 1.0) -> FloatArray:
    """L(t) = a sum p_i min(lambda_i t, 1): as fast as `load` at first, but straight up to the peak. Arguments as there."""
    seconds, high, per_second = _checked(times, peaks, rates)
    return np.asarray(_factor(factor) * (high * np.minimum(per_second * seconds, 1.0)).sum(axis=-1))


def unseen(times: ArrayLike, peaks: ArrayLike, rates: ArrayLike) -> FloatArray:
    """p_i exp(-lambda_i t): what of each task's load does not show yet, shape as `times` and `peaks` together.

    With what `load` says of one task it makes up the peak. Raises `ValueError` like `load`.
    """
    seconds, high, per_second = _checked(times, peaks, rates)
    return np.asarray(high * np.exp(-per_second * seconds))


def _checked(times: ArrayLike, peaks: ArrayLike, rates: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    high, per_second = _figures("peaks", peaks), _figures("rates", rates)
    if high.ndim != 1 or high.shape != per_second.shape:
        raise ValueError(f"peaks has shape {high.shape} and rates {per_second.shape}: both must be (tasks,)")
    seconds = _figures("times", times)
    if seconds.ndim and seconds.shape[-1] not in (1, len(high)):
        raise ValueError(f"times has shape {seconds.shape}: its last axis must have {len(high)} entries, one per task, or 1")
    return seconds, high, per_second


def _figures(name: str, given: ArrayLike) -> FloatArray:
    figures = np.asarray(given, np.float64)
    wrong = ~(np.isfinite(figures) & (figures >= 0))
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0].tolist())
        place = f"{name}[{', '.join(map(str, at))}]" if at else name
        raise ValueError(f"{place} is {figures[at]}: it must be a number, 0 or above")
    return figures


def _factor(factor: float) -> float:
    return float(_figures("factor", factor))
