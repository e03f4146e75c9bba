"""What kernels' random numbers start from."""

import numpy as np

from bayplan.model.arrays import IntArray


def lots(seed: int, stream: int = 0) -> IntArray:
    """A state of the kernels' generator, shape (1,): different for every seed and stream, never 0. O(1)."""
    state = np.random.SeedSequence([abs(seed), int(seed < 0), stream]).generate_state(1)[0]
    return np.array([int(state) or 1], np.int64)
