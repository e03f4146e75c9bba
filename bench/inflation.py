"""The order in which the pods of a trace arrive, and how many of them: the protocol of "Beware of Fragmentation"."""

import random
from collections.abc import Sequence

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bench.openb import TracePod


def arrivals(pods: Sequence[TracePod], capacity: int, load: float, seed: int) -> list[TracePod]:
    """The pods shuffled, and drawn from again (or dropped) at random until they ask for `load` x capacity at most.

    `capacity`: thousandths of GPUs. Published runs drew their random numbers otherwise: compare means over seeds, not runs.
    """
    generator = random.Random(seed)
    original = sorted(pods, key=lambda pod: pod.name)
    order = list(original)
    generator.shuffle(order)
    asked, limit = sum(pod.gpu for pod in order), load * capacity
    if not asked:
        return order
    if asked > limit:
        while asked > limit:
            asked -= order.pop(generator.randrange(len(order))).gpu
        return order
    while asked + (drawn := generator.choice(original)).gpu <= limit:
        order.append(drawn)
        asked += drawn.gpu
    return order


def unallocated(asked: IntArray, placed: IntArray, capacity: int, load: int) -> float:
    """Per cent of the GPUs that are not allocated when so many per cent of the capacity have been asked for.

    `asked`, `placed`: thousandths per arrival. The load counts in whole per cent; of several arrivals on the same, the mean;
    where it is stepped over, the last arrival before it.
    """
    arrived = np.round(100.0 * np.cumsum(asked) / capacity).astype(np.int64)
    left: FloatArray = 100.0 * (1.0 - np.cumsum(placed) / capacity)
    at = arrived == load
    if at.any():
        return float(left[at].mean())
    before = np.flatnonzero(arrived < load)
    return float(left[before[-1]]) if len(before) else 100.0
