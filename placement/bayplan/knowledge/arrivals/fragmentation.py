"""What fragmentation gradient descent measures by: the typical requests."""

from typing import NamedTuple

import numpy as np

from bayplan.knowledge.arrivals.mix import ExpectedMix
from bayplan.model.arrays import BoolArray, IntArray

COVERED = 0.95
PARTS = 1_000_000
"""Frequencies are counted in these parts of all, as whole numbers."""


class TypicalRequests(NamedTuple):
    """The most frequent classes, those without GPUs too, that make up 95 % of all."""

    frequency: IntArray
    """In millionths of the typical ones, shape (typical,)."""
    asked: IntArray
    """Shape (typical, 4): millicores, MiB, GPUs, thousandths of each."""
    serves: IntArray
    """Shape (kinds + 1, typical): 1 where GPUs of the kind are acceptable."""


def typical_requests(mix: ExpectedMix, eligible: BoolArray) -> TypicalRequests:
    """The typical ones of a mix, as published (Weng et al., USENIX ATC 2023). O(classes x kinds)."""
    upto = np.cumsum(mix.weights)
    number = min(int(np.searchsorted(upto, COVERED - 1e-12)) + 1, len(upto))
    weights = mix.weights[:number]
    frequency = np.round(weights * (PARTS / weights.sum())).astype(np.int64) if number else np.zeros(0, np.int64)
    asked = np.stack([mix.cpu, mix.memory, mix.count, mix.thousandths], axis=1)[:number]
    return TypicalRequests(frequency, asked, np.ascontiguousarray(eligible[:number].T.astype(np.int64)))
