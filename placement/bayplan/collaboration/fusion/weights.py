"""Weights of inputs: normalised, aged, checked."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayplan.collaboration.fusion.errors import FusionError

Floats = npt.NDArray[np.float64]


def normalised(weights: Sequence[float] | None, count: int) -> Floats:
    """Weights (count,) that sum to one; equal ones where none are given.

    The sum is exact before it is rounded (`math.fsum`), so that the order of the inputs does not matter.
    Raises `FusionError` for another number of weights, a negative or infinite one, and a sum of zero.
    """
    if weights is None:
        return np.full(count, 1.0 / count)
    if len(weights) != count:
        raise FusionError(f"there are {len(weights)} weights for {count} inputs: give one for each")
    for position, each in enumerate(weights):
        if not math.isfinite(each):
            raise FusionError(f"weights[{position}] is {each}: it must be a finite number")
        if each < 0:
            raise FusionError(f"weights[{position}] is {each:g}: a weight must be at least 0")
    largest = max(weights)
    if largest == 0:
        raise FusionError("the weights sum to zero: at least one must be above 0")
    # Scaled by the largest first, so that neither the sum nor a share overflows.
    scaled = [each / largest for each in weights]
    return np.array(scaled) / math.fsum(scaled)


def staleness_factors(ages: Sequence[float] | None, exponent: float, count: int) -> Floats:
    """(1 + age)^-exponent, in (0, 1], of models that are `age` rounds old.

    Source: Xie, Koyejo, Gupta, "Asynchronous Federated Optimization" (2019), the polynomial form.
    """
    if ages is None:
        raise FusionError("staleness needs the ages of the inputs, in rounds: none are given")
    if len(ages) != count:
        raise FusionError(f"there are {len(ages)} ages for {count} inputs: give one for each")
    for position, each in enumerate(ages):
        if not math.isfinite(each) or each < 0:
            raise FusionError(f"ages[{position}] is {each:g}: it must be a finite number of at least 0")
    return np.array([(1.0 + each) ** -exponent for each in ages])
