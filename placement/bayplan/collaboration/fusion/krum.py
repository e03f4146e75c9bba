"""Krum and Multi-Krum: distances between models, gathered in chunks, and who is nearest to its nearest others.

Source: Blanchard et al., "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent" (NeurIPS 2017).
"""

import math
from functools import cmp_to_key

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.parameters import FusionPlan
from bayplan.collaboration.fusion.weights import Floats


def kept_by(plan: FusionPlan, count: int) -> int:
    """How many inputs are averaged. Raises `FusionError` where n < 2f + 3, or m is above n - f."""
    byzantine = int(plan.given("f"))
    if count < 2 * byzantine + 3:
        raise FusionError(
            f"{plan.method} with f = {byzantine} needs at least 2f + 3 = {2 * byzantine + 3} inputs, and there are {count}"
        )
    if plan.method == "Krum":
        return 1
    wanted = plan.number("m")
    most = count - byzantine
    if wanted is not None and wanted > most:
        raise FusionError(f"MultiKrum: m is {wanted:g}: it must be at most n - f = {most}")
    return most if wanted is None else int(wanted)


class Distances:
    """Squared Euclidean distances between inputs, gathered chunk by chunk: n (n - 1) / 2 passes over a chunk."""

    def __init__(self, count: int, length: int) -> None:
        self._count = count
        self.squared = np.zeros((count, count))
        self._order = np.zeros((count, count), dtype=np.int8)
        self._difference = np.empty(length)

    def add(self, stack: Floats) -> None:
        """The next chunk of all inputs, (inputs, coordinates)."""
        difference = self._difference[: stack.shape[1]]
        for one in range(self._count):
            for other in range(one):
                np.subtract(stack[one], stack[other], out=difference)
                if not self._order[one, other] and difference.any():
                    sign = int(np.sign(difference[np.flatnonzero(difference)[0]]))
                    self._order[one, other], self._order[other, one] = sign, -sign
                # Not by numpy.dot, whose steps depend on the number of threads.
                self.squared[one, other] += np.square(difference, out=difference).sum()
                self.squared[other, one] = self.squared[one, other]

    def scores(self, byzantine: int) -> list[float]:
        """Of each input, the sum of the squared distances to its n - f - 2 nearest others; the smallest is best."""
        nearest = self._count - byzantine - 2
        return [math.fsum(sorted(np.delete(row, position))[:nearest]) for position, row in enumerate(self.squared)]

    def best(self, byzantine: int, kept: int) -> list[int]:
        """The `kept` inputs with the best scores; equal ones by their first coordinate that differs, the smaller first."""
        scores = self.scores(byzantine)

        def compared(one: int, other: int) -> int:
            if scores[one] != scores[other]:
                return -1 if scores[one] < scores[other] else 1
            return int(self._order[one, other])

        return sorted(range(self._count), key=cmp_to_key(compared))[:kept]
