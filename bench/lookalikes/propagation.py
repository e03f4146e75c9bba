"""What jobs that have not ended are expected to take, each from those before it that it may be like.

The first and second moment of the log run time of job j are the average of those of the jobs i in its window, weighted by
the rates f_ij, and of those of its kind, weighted by a:

    M_j = (sum_i f_ij M_i + a M_kind) / (sum_i f_ij + a)

So what an ended run shows reaches a waiting job also through others that wait. The waiting jobs' equations are one lower
triangular system with a band as wide as the window. A running job is the same, given that it already runs so long: the
moments of the normal distribution beyond that point; it enters the others' equations as it was found before.
"""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bench.lookalikes.job_table import QUEUED, RUNNING, WINDOW, JobTable
from bench.lookalikes.link_rates import LinkRates

_LEAST_VARIANCE = 0.01
RawMoments = tuple[FloatArray, FloatArray]
"""First and second moment."""


def update_running(table: JobTable, rates: LinkRates, kinds: RawMoments, noise: float, now: float) -> None:
    """All running jobs, given for how long they run. O(running * window)."""
    rows = table.in_phase(RUNNING)
    if len(rows):
        mean, square = average(table, rows, rates, kinds, noise)
        deviation = np.sqrt(np.maximum(square - mean * mean, _LEAST_VARIANCE))
        elapsed = np.log(np.maximum(now - table.since[rows], 1e-3))
        table.mean[rows], table.square[rows] = _beyond(mean, deviation, elapsed)


def update_queued(table: JobTable, rates: LinkRates, kinds: RawMoments, noise: float) -> None:
    """All waiting jobs. O(jobs since the first of them * window)."""
    rows = table.in_phase(QUEUED)
    if not len(rows):
        return
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.linalg.blas import dtbsv

    first, size = int(rows[0]), int(rows[-1] - rows[0]) + 1
    near, weights = table.weights(rows, rates.rates)
    total = weights.sum(axis=1) + rates.new
    share = weights / total[:, None]
    inside = near >= first
    band = np.zeros((WINDOW + 1, size), order="F")
    at, lag = np.nonzero(inside & (weights > 0))
    band[lag + 1, near[at, lag] - first] = -share[at, lag]
    outside = np.where(inside, 0.0, share)
    own = rates.new / total
    for moment, values, of_kind in ((0, table.mean, kinds[0]), (1, table.square, kinds[1])):
        right = values[first : first + size].copy()
        right[rows - first] = (
            own * of_kind[table.kind[rows]] + (outside * values[near]).sum(axis=1) + moment * noise * (1 - own)
        )
        solved = dtbsv(WINDOW, band, right, lower=1, diag=1)
        values[rows] = solved[rows - first]
    # The same system transposed: of how many waiting jobs, itself among them, the expectation hangs on this one.
    waiting = np.zeros(size)
    waiting[rows - first] = 1.0
    table.reach[rows] = dtbsv(WINDOW, band, waiting, lower=1, trans=1, diag=1)[rows - first]


def average(table: JobTable, rows: IntArray, rates: LinkRates, kinds: RawMoments, noise: float) -> RawMoments:
    """The moments of these jobs from those before them as they are now. O(rows * window)."""
    near, weights = table.weights(rows, rates.rates)
    total = weights.sum(axis=1) + rates.new
    of_kind, own = table.kind[rows], rates.new / total
    mean = (weights * table.mean[near]).sum(axis=1) / total + own * kinds[0][of_kind]
    square = (weights * table.square[near]).sum(axis=1) / total + own * kinds[1][of_kind] + noise * (1 - own)
    return mean, square


def _beyond(mean: FloatArray, deviation: FloatArray, point: FloatArray) -> RawMoments:
    """Moments of a normal distribution beyond a point."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.special import log_ndtr

    x = (point - mean) / deviation
    hazard = np.exp(-x * x / 2 - np.log(2 * np.pi) / 2 - log_ndtr(-x))
    variance = deviation**2 * np.maximum(1 + x * hazard - hazard * hazard, 1e-4)
    mean = mean + deviation * hazard
    return mean, np.maximum(variance, _LEAST_VARIANCE) + mean * mean
