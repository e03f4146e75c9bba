"""Classes that look alike to a GPU, joined: equally many GPUs, equal parts of each, the same kinds."""

from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.arrivals.mix import ExpectedMix
from bayplan.model.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False, slots=True)
class Shapes:
    """Columns of shape (shapes,), tables of shape (shapes, ...)."""

    count: IntArray
    thousandths: IntArray
    weights: FloatArray
    """How often they arrive, of all requests."""
    cpu: FloatArray
    """Millicores, the mean over what arrives."""
    memory: FloatArray
    """MiB, the mean over what arrives."""
    eligible: BoolArray
    """Shape (shapes, kinds + 1)."""
    holds: BoolArray
    """Shape (shapes, pools): an empty node of the pool holds one."""

    @property
    def gpu(self) -> IntArray:
        """Thousandths in all."""
        return self.count * self.thousandths


def shapes(mix: ExpectedMix, eligible: BoolArray, holds: BoolArray) -> Shapes:
    """The shapes of a mix's classes that ask for GPUs and that some node could hold. O(classes)."""
    groups: dict[tuple[int, int, bytes], list[int]] = {}
    for number in np.flatnonzero((mix.count > 0) & holds.any(axis=1)).tolist():
        key = (int(mix.count[number]), int(mix.thousandths[number]), eligible[number].tobytes())
        groups.setdefault(key, []).append(number)
    members = list(groups.values())
    firsts = np.array([each[0] for each in members], np.int64)
    weights = [mix.weights[each] for each in members]
    return Shapes(
        mix.count[firsts],
        mix.thousandths[firsts],
        np.array([each.sum() for each in weights], np.float64),
        np.array([np.average(mix.cpu[of], weights=w) for of, w in zip(members, weights, strict=True)], np.float64),
        np.array([np.average(mix.memory[of], weights=w) for of, w in zip(members, weights, strict=True)], np.float64),
        eligible[firsts],
        np.array([holds[of].any(axis=0) for of in members], bool).reshape(len(members), holds.shape[1]),
    )
