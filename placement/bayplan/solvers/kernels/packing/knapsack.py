"""The unbounded knapsack."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled


def knapsack(sizes: IntArray, values: IntArray, room: int) -> IntArray:
    """The most that fits into each amount of room up to the given, any number of each; shape (rows, room + 1).

    `sizes`: shape (items,), at least 1; `values`: shape (rows, items), what is not above 0 is left out.
    """
    if not len(sizes):
        return np.zeros((len(values), room + 1), np.int64)
    kernel = _knapsack if HAVE_NUMBA else knapsack_numpy
    return kernel(sizes, values, room)


def knapsack_numpy(sizes: IntArray, values: IntArray, room: int) -> IntArray:
    """`knapsack` in numpy."""
    best = np.zeros((len(values), room + 1), np.int64)
    for there in range(1, room + 1):
        fits = sizes <= there
        with_item = best[:, there - sizes[fits]] + np.maximum(values[:, fits], 0)
        best[:, there] = np.maximum(best[:, there - 1], with_item.max(axis=1, initial=0))
    return best


@compiled
def _knapsack(sizes: IntArray, values: IntArray, room: int) -> IntArray:
    best = np.zeros((len(values), room + 1), np.int64)
    for row in range(len(values)):
        for there in range(1, room + 1):
            most = best[row, there - 1]
            for item in range(len(sizes)):
                if values[row, item] > 0 and sizes[item] <= there:
                    most = max(most, best[row, there - sizes[item]] + values[row, item])
            best[row, there] = most
    return best
