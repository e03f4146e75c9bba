"""Aggregators that a few bad inputs cannot move far, on a stack of chunks (inputs, coordinates)."""

from math import floor

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.weights import Floats


def median(stack: Floats) -> Floats:
    """Of each coordinate, (coordinates,); of an even number of inputs, the mean of the two in the middle."""
    count = len(stack)
    ordered: Floats = np.sort(stack, axis=0)
    middle: Floats = ordered[count // 2]
    if count % 2:
        return middle
    below: Floats = ordered[count // 2 - 1]
    return 0.5 * below + 0.5 * middle


def trimmed_mean(stack: Floats, cut: int) -> Floats:
    """The mean of each coordinate, (coordinates,), without the `cut` smallest and the `cut` largest values.

    Source: Yin et al., "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates" (ICML 2018), definition 2.
    """
    kept = np.sort(stack, axis=0)[cut : len(stack) - cut]
    total: Floats = kept[0].copy()
    for row in kept[1:]:  # from the smallest on: one order, whatever that of the inputs
        total += row
    return total / len(kept)


def cut_of(beta: float, count: int) -> int:
    """How many inputs are cut off at each end: floor(beta n).

    Raises `FusionError` where that is none, or all.
    """
    # A product such as 0.29 * 100 lies below the whole number that is meant.
    cut = floor(round(beta * count, 9))
    if cut == 0:
        raise FusionError(
            f"TrimmedMean with beta {beta:g} trims none of {count} inputs (floor(beta * n) = 0): "
            f"beta must be at least 1/{count}, or take Mean"
        )
    if 2 * cut >= count:
        raise FusionError(
            f"TrimmedMean with beta {beta:g} trims all {count} inputs: beta must leave at least one, or take Median"
        )
    return cut
