"""Weighted sums over models in float64 that do not depend on the models' order, bit for bit."""

from collections.abc import Sequence

import numpy as np

from bayplan.collaboration.fusion.tensors import Array
from bayplan.collaboration.fusion.weights import Floats

_PREFIX = 16
"""Coordinates that nearly always tell two chunks apart."""


def canonical(weights: Sequence[float], chunks: Sequence[Array]) -> list[int]:
    """An order of the chunks that follows from weights and contents alone.

    Inputs that are equal in both may stand in any order: they add the same. Cost: a few bytes of each chunk are compared, and
    all of them only where those are equal.
    """
    keys = [(weight, chunk[:_PREFIX].tobytes()) for weight, chunk in zip(weights, chunks, strict=True)]
    if len(set(keys)) < len(keys):
        keys = [(weight, chunk.tobytes()) for weight, chunk in zip(weights, chunks, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__)


class WeightedSum:
    """Adds chunks by weights; its two buffers are used again and again."""

    def __init__(self, length: int) -> None:
        """`length`: of the longest chunk."""
        self._sum = np.empty(length)
        self._term = np.empty(length)

    def of(self, weights: Sequence[float], chunks: Sequence[Array]) -> Floats:
        """Sum of weight times chunk, (length of a chunk,) in float64; it holds until the next call.

        Cost: two passes over each chunk, one where all weights are equal. A coordinate that is not finite makes the sum not
        finite, whatever its weight.
        """
        order = canonical(weights, chunks)
        total, term = self._sum[: len(chunks[0])], self._term[: len(chunks[0])]
        # Scaled once, at the end: sums of narrower types are far from what float64 can hold, its own may not be.
        alike = len(set(weights)) == 1 and chunks[0].dtype.itemsize < total.itemsize
        with np.errstate(invalid="ignore", over="ignore"):
            np.multiply(chunks[order[0]], 1.0 if alike else weights[order[0]], out=total, dtype=np.float64)
            for each in order[1:]:
                if alike:
                    total += chunks[each]
                else:
                    np.multiply(chunks[each], weights[each], out=term, dtype=np.float64)
                    total += term
            if alike:
                total *= weights[0]
        return total
