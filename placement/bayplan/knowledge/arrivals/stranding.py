"""Streams of expected requests, against which it is tried how much of a node's GPUs would be left over."""

import numpy as np

from bayplan.knowledge.arrivals.mix import ExpectedMix
from bayplan.model.arrays import BoolArray, IntArray

STREAMS = 32
LENGTH = 43
"""Requests with GPUs per stream, on average."""
_LIMIT = 256
IMPOSSIBLE = 1 << 50
"""More than any node has."""


def streams(mix: ExpectedMix, eligible: BoolArray, seed: int) -> IntArray:
    """Requests in the order in which they are tried, shape (kinds, streams, length, 4).

    Last axis: millicores, MiB, GPUs, thousandths of each. What a kind of GPU does not serve, and the padding behind it,
    asks for more than any node has. Drawn systematically rather than one by one: every stream, and all of them
    together, have each class as often as its weight says, rounded; only the order is random. Independent draws make
    the same figure several times noisier.
    """
    shares = float(mix.weights[mix.count > 0].sum())
    kinds = eligible.shape[1]
    if shares <= 0:
        return np.full((kinds, 1, 1, 4), IMPOSSIBLE, np.int64)
    length = min(round(LENGTH / shares), _LIMIT)
    generator = np.random.default_rng(seed)
    # Alike classes side by side, so that a stream that misses one has its neighbour.
    order = np.lexsort((mix.cpu, mix.thousandths, mix.count))
    upto = np.cumsum(mix.weights[order])
    starts = (generator.permutation(STREAMS) + 0.5) / STREAMS
    drawn = np.empty((STREAMS, length), np.int64)
    for stream, start in enumerate(starts.tolist()):
        places = np.searchsorted(upto, (np.arange(length) + start) / length)
        drawn[stream] = generator.permutation(order[np.minimum(places, len(order) - 1)])
    asked = np.stack([mix.cpu, mix.memory, mix.count, mix.thousandths], axis=1)
    table = np.full((kinds, STREAMS, length, 4), IMPOSSIBLE, np.int64)
    for kind in range(kinds):
        for stream in range(STREAMS):
            kept = drawn[stream][eligible[drawn[stream], kind]]
            table[kind, stream, : len(kept)] = asked[kept]
    return table
