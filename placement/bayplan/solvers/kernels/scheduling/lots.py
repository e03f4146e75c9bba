"""Random numbers inside kernels: Marsaglia's xorshift with 32 bits (2003), so that compiled and plain code draw alike."""

from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import compiled


@compiled
def draw(state: IntArray) -> int:
    """A whole number from 1 to 2^32 - 1. `state`: shape (1,), never 0; changed. O(1)."""
    value = state[0]
    value ^= (value << 13) & 0xFFFFFFFF
    value ^= value >> 17
    value ^= (value << 5) & 0xFFFFFFFF
    state[0] = value
    return int(value)


@compiled
def below(state: IntArray, bound: int) -> int:
    """A whole number from 0 to `bound` - 1. O(1)."""
    return draw(state) % bound


@compiled
def share(state: IntArray) -> float:
    """A number from 0 to just below 1. O(1)."""
    return draw(state) / 4294967296.0
