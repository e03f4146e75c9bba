"""Shares of resources in use or free, summed up per row."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled_where_it_pays


def used_share(rows: IntArray, columns: IntArray, amounts: IntArray, allocatable: IntArray, used: IntArray) -> FloatArray:
    """Per row given, the mean over the columns of (used + amount) / allocatable, each at most 1; shape (rows,)."""
    kernel = _used_share if HAVE_NUMBA else used_share_numpy
    return kernel(rows, columns, amounts, allocatable, used)


def used_share_numpy(rows: IntArray, columns: IntArray, amounts: IntArray, allocatable: IntArray, used: IntArray) -> FloatArray:
    """`used_share` in numpy."""
    total = np.zeros(len(rows))
    for column, amount in zip(columns.tolist(), amounts.tolist(), strict=True):
        there = np.maximum(allocatable[rows, column], 1)
        total += np.minimum((used[rows, column] + amount) / there, 1.0)
    return np.asarray(total / len(columns))


@compiled_where_it_pays
def _used_share(rows: IntArray, columns: IntArray, amounts: IntArray, allocatable: IntArray, used: IntArray) -> FloatArray:
    shares = np.zeros(len(rows))
    for number in range(len(rows)):
        row = rows[number]
        total = 0.0
        for place in range(len(columns)):
            column = columns[place]
            total += min((used[row, column] + amounts[place]) / max(allocatable[row, column], 1), 1.0)
        shares[number] = total / len(columns)
    return shares


def free_share(rows: IntArray, columns: IntArray, weights: FloatArray, allocatable: IntArray, used: IntArray) -> FloatArray:
    """Per row given, the sum over the columns of weight x (free / allocatable), shape (rows,); free is never below 0."""
    kernel = _free_share if HAVE_NUMBA else free_share_numpy
    return kernel(rows, columns, weights, allocatable, used)


def free_share_numpy(
    rows: IntArray, columns: IntArray, weights: FloatArray, allocatable: IntArray, used: IntArray
) -> FloatArray:
    """`free_share` in numpy."""
    total = np.zeros(len(rows))
    for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
        there = allocatable[rows, column]
        total += weight * (np.maximum(there - used[rows, column], 0) / np.maximum(there, 1))
    return total


@compiled_where_it_pays
def _free_share(rows: IntArray, columns: IntArray, weights: FloatArray, allocatable: IntArray, used: IntArray) -> FloatArray:
    shares = np.zeros(len(rows))
    for number in range(len(rows)):
        row = rows[number]
        total = 0.0
        for place in range(len(columns)):
            there = allocatable[row, columns[place]]
            total += weights[place] * (max(there - used[row, columns[place]], 0) / max(there, 1))
        shares[number] = total
    return shares
