"""Where a request fits, and the best of these places."""

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray, SmallIntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.kernels.compiled import HAVE_NUMBA, compiled_where_it_pays

UNIT = 1e12
"""A score of 1, in the units in which scores are kept."""
Pairs = tuple[IntArray, IntArray]


def open_places(
    rows: IntArray,
    columns: IntArray,
    amounts: IntArray,
    free: tuple[IntArray, IntArray],
    gpus: tuple[IntArray, int, int],
) -> Pairs:
    """The rows with room for a request, and the GPUs that a fraction of one could come from.

    `free`: what is allocatable and what is used, shape (all rows, resources). `gpus`: thousandths free per GPU,
    shape (all rows, slots), how many GPUs are asked for and how many thousandths of each (0 GPUs: none).
    Answers rows and GPU indices, both of shape (places,): for a fraction each row once for every different
    amount free on a GPU that holds it, the tightest first; otherwise once, with -1.
    """
    allocatable, used = free
    gpu_free, count, thousandths = gpus
    kernel = _open_places if HAVE_NUMBA else open_places_numpy
    return kernel(rows, columns, amounts, allocatable, used, gpu_free, count, thousandths)


def open_places_numpy(
    rows: IntArray,
    columns: IntArray,
    amounts: IntArray,
    allocatable: IntArray,
    used: IntArray,
    gpu_free: IntArray,
    count: int,
    thousandths: int,
) -> Pairs:
    """`open_places` in numpy."""
    at = (rows[:, None], columns)
    rows = rows[(allocatable[at] - used[at] >= amounts).all(axis=1)]
    if count == 0:
        return rows, np.full(len(rows), -1, np.int64)
    left = gpu_free[rows]
    if thousandths >= WHOLE:
        rows = rows[(left >= WHOLE).sum(axis=1) >= count]
        return rows, np.full(len(rows), -1, np.int64)
    order = np.argsort(left, axis=1, kind="stable")
    ascending = np.take_along_axis(left, order, axis=1)
    take = ascending >= thousandths
    take[:, 1:] &= ~((ascending[:, 1:] == ascending[:, :-1]) & take[:, :-1])
    which, place = np.nonzero(take)
    return rows[which], order[which, place]


@compiled_where_it_pays
def _open_places(
    rows: IntArray,
    columns: IntArray,
    amounts: IntArray,
    allocatable: IntArray,
    used: IntArray,
    gpu_free: IntArray,
    count: int,
    thousandths: int,
) -> Pairs:
    slots = gpu_free.shape[1]
    fraction = count > 0 and thousandths < WHOLE
    room = len(rows) * (slots if fraction else 1)
    out_rows, out_devices = np.empty(room, np.int64), np.empty(room, np.int64)
    found = 0
    for row in rows:
        fits = True
        for number in range(len(columns)):
            column = columns[number]
            if allocatable[row, column] - used[row, column] < amounts[number]:
                fits = False
                break
        if not fits:
            continue
        if not fraction:
            whole = 0
            if count > 0:
                for slot in range(slots):
                    if gpu_free[row, slot] >= WHOLE:
                        whole += 1
            if whole >= count:
                out_rows[found], out_devices[found] = row, -1
                found += 1
            continue
        last = thousandths - 1
        while True:
            tightest, amount = -1, WHOLE + 1
            for slot in range(slots):
                left = gpu_free[row, slot]
                if last < left < amount:
                    tightest, amount = slot, left
            if tightest < 0:
                break
            out_rows[found], out_devices[found] = row, tightest
            found += 1
            last = amount
    return out_rows[:found], out_devices[:found]


def keep_best(places: Pairs, totals: FloatArray, scores: IntArray, devices: SmallIntArray) -> None:
    """Per row, write the best of its places' totals into `scores` and the GPU of it into `devices`; the first of equals.

    Totals are from 0 to 1 and kept in units of 1 / `UNIT`: sums that differ only by rounding are equal.
    """
    kernel = _keep_best if HAVE_NUMBA else keep_best_numpy
    kernel(places[0], places[1], totals, scores, devices)


def keep_best_numpy(rows: IntArray, gpus: IntArray, totals: FloatArray, scores: IntArray, devices: SmallIntArray) -> None:
    """`keep_best` in numpy."""
    rounded = np.floor(totals * UNIT + 0.5).astype(np.int64)
    np.maximum.at(scores, rows, rounded)
    best = np.flatnonzero(rounded == scores[rows])[::-1]
    devices[rows[best]] = gpus[best]  # the first of equals is written last


@compiled_where_it_pays
def _keep_best(rows: IntArray, gpus: IntArray, totals: FloatArray, scores: IntArray, devices: SmallIntArray) -> None:
    for number in range(len(rows)):
        row = rows[number]
        rounded = np.int64(np.floor(totals[number] * UNIT + 0.5))
        if rounded > scores[row]:
            scores[row] = rounded
            devices[row] = gpus[number]


def best_row(scores: IntArray, refused: BoolArray, name_rank: IntArray) -> tuple[int, int]:
    """The row with the best score, of equals the first by name, and how many rows have a score (0 or above) at all.

    -1 if none has. `refused`: rows that are left out, or of length 0.
    """
    if len(refused):
        scores = np.where(refused, -1, scores)
    kernel = _best_row if HAVE_NUMBA else best_row_numpy
    row, found = kernel(scores, name_rank)
    return int(row), int(found)


def best_row_numpy(scores: IntArray, name_rank: IntArray) -> tuple[int, int]:
    """`best_row` in numpy."""
    top = scores.max(initial=-1)
    if top < 0:
        return -1, 0
    (ties,) = np.nonzero(scores == top)
    row = ties[0] if len(ties) == 1 else ties[np.argmin(name_rank[ties])]
    return int(row), int(np.count_nonzero(scores >= 0))


@compiled_where_it_pays
def _best_row(scores: IntArray, name_rank: IntArray) -> tuple[int, int]:
    # Two loops without branches, which the compiler turns into vector instructions, then one that is hardly ever taken.
    top, found = -1, 0
    for row in range(len(scores)):
        top = max(top, scores[row])
        found += scores[row] >= 0
    if top < 0:
        return -1, 0
    best, rank = -1, len(scores)
    for row in range(len(scores)):
        if scores[row] == top and name_rank[row] < rank:
            best, rank = row, name_rank[row]
    return best, found
