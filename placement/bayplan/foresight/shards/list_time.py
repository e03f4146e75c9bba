"""How long equal shards take on places of different speeds."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

_ROUNDING = 1e-9


def finish(unit: FloatArray, slots: IntArray, shards: IntArray) -> FloatArray:
    """Per row, when the last of `shards` equal shards ends, each run on the place where it ends first.

    `unit`: seconds of one shard on each kind of place, shape (rows, kinds), above 0; `slots`: how many places there are of
    each kind, of the same shape, at least one in each row; `shards`: shape (rows,). For equal shards this list schedule is
    the shortest there is: by an instant T, a kind can have ended `slots * floor(T / unit)` of them, and the answer is
    the first T at which that is enough. With one speed it is `ceil(shards / slots)` waves.
    O(rows * kinds^2 * log(most waves)), by bisection over the waves of each kind.
    """
    best = np.full(len(unit), np.inf)
    for kind in range(unit.shape[1]):
        rows = np.flatnonzero(slots[:, kind] > 0)
        low = np.zeros(len(rows), np.int64)  # so many waves of this kind are too few, or none
        high = -(-shards[rows] // slots[rows, kind])  # and so many are enough
        while (high - low > 1).any():
            middle = (low + high) // 2
            enough = ended(unit[rows], slots[rows], middle * unit[rows, kind]) >= shards[rows]
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        best[rows] = np.minimum(best[rows], high * unit[rows, kind])
    return best


def ended(unit: FloatArray, slots: IntArray, at: FloatArray) -> IntArray:
    """Per row, how many shards can have ended by an instant, shape (rows,)."""
    waves = np.floor(at[:, None] / unit * (1 + _ROUNDING) + _ROUNDING).astype(np.int64)
    return np.asarray((slots * waves).sum(axis=1), np.int64)


def busy(unit: FloatArray, slots: IntArray, shards: int, last: float) -> float:
    """Seconds that places are busy together, for one row of `finish` (shape (kinds,)) and its answer `last`.

    Of those that end at the very last instant, the fastest kinds have as many as they can.
    """
    waves = np.floor(last / unit * (1 + _ROUNDING) + _ROUNDING).astype(np.int64)
    at_last = np.abs(waves * unit - last) <= _ROUNDING * last
    before = slots * (waves - at_last)
    left = shards - int(before.sum())
    seconds = float(before @ unit)
    for kind in np.argsort(unit, kind="stable"):
        taken = min(left, int(slots[kind])) if at_last[kind] else 0
        seconds += taken * float(unit[kind])
        left -= taken
    return seconds
