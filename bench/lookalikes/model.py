"""Run times of jobs without names, from what came before them.

Users submit alike jobs together, or again and again after the same time. So each job is taken to be like an earlier one,
or new: a distance-dependent Chinese restaurant process over the jobs as they came, whose rates are learned (`link_rates`).
A job that is like an ended one takes as long, up to a factor whose logarithm is Student's t; a new one is drawn from what
its kind has shown so far, with running jobs counted as what they are still expected to take.
"""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from bayplan.knowledge.run_times.evidence import above_zero
from bayplan.knowledge.run_times.run_time import RunTime, log_density
from bayplan.knowledge.run_times.runs import Unknown
from bayplan.model.arrays import FloatArray, IntArray
from bench.lookalikes.job_table import ENDED, GONE, RUNNING, JobTable
from bench.lookalikes.link_rates import LinkRates
from bench.lookalikes.propagation import RawMoments, average, update_queued, update_running

_FREEDOM = 3.0
_LIKE_SCALE, _LIKE_RUNS = 0.15, 10.0
"""Before anything is known: lookalikes differ by 15 %, and ten runs say so."""
_LIKE_MEMORY = 0.98
"""What is learned of it lives on the last fifty runs: the steps of an average over all would become too small too soon."""
_KIND_RUNS = 2.0
"""How many runs the mean of all is worth to a kind, and the variance of all to its variance."""
_VARIANCE = 4.0
"""Of log seconds, before anything is known: worth one run."""


class Lookalikes:
    """Jobs as they come, start and end. Not for several threads at once. Calls must be in the order of time.

    Of jobs that ended only those are kept that others may still be compared with; jobs that wait or run are all kept.
    """

    def __init__(self) -> None:
        self._table, self._rates = JobTable(), LinkRates()
        self._kinds: dict[Hashable, int] = {}
        self._seen: list[FloatArray] = []
        self._like_square, self._like_runs = _LIKE_RUNS * _LIKE_SCALE**2, _LIKE_RUNS
        self._ended, self._stale = 0, False

    def come(self, key: Hashable, at: float, kind: Hashable = "") -> None:
        """A job was submitted. Its kind is what it asks for. Raises `ValueError` if the key is in use, or time goes back."""
        table = self._table
        if key in table.row:
            raise ValueError(f"key is {key!r}: such a job has come and has not ended")
        if not math.isfinite(at) or (table.count and at < table.came[table.count - 1]):
            raise ValueError(f"at is {at}: it must be seconds, not before those of the job that came last")
        if kind not in self._kinds:
            self._kinds[kind] = len(self._kinds)
            self._seen.append(np.zeros(3))
        row = table.add(key, at, self._kinds[kind])
        near = table.before(np.array([row]))[0][:row]
        table.links[row, : len(near)] = self._rates.classes(at - table.came[near], table.kind[near] == table.kind[row])
        if self._ended:
            (table.mean[row],), (table.square[row],) = average(
                table, np.array([row]), self._rates, self._of_kinds(), self._noise
            )

    def start(self, key: Hashable, at: float) -> None:
        """A job runs since then. Raises `KeyError` if it has not come."""
        row = self._table.row[key]
        self._table.phase[row], self._table.since[row] = RUNNING, at

    def end(self, key: Hashable, seconds: float) -> None:
        """A job ended well after so many seconds. Raises `ValueError`, or `KeyError` if it has not come."""
        value = math.log(above_zero("seconds", seconds))
        table, row = self._table, self._table.row.pop(key)
        self._learn(row, value)
        table.phase[row], table.mean[row], table.square[row] = ENDED, value, value * value
        self._seen[table.kind[row]] += (1.0, value, value * value)
        self._ended += 1
        self._stale = True

    def go(self, key: Hashable) -> None:
        """A job went without having ended well: it says nothing. Raises `KeyError` if it has not come."""
        row = self._table.row.pop(key)
        self._table.phase[row], self._table.informs[row] = GONE, 0.0
        self._stale = True

    def log_expected(self, keys: Sequence[Hashable], now: float) -> FloatArray:
        """The log of the seconds that jobs which wait or run are to be ranked by; NaN while no run has ended.

        What is not known of a job is mostly to which lot it belongs, and the first of a lot to run tells that of all of them.
        So a job on which the expectations of n waiting jobs hang, its own among them, is ranked by its 1 / (1 + n) quantile:
        one that stands for itself by its median, the first of ten by the 9 % quantile.
        """
        if not self._ended:
            return np.full(len(keys), np.nan)
        # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
        from scipy.special import ndtri

        self._bring_up(now)
        rows = self._rows(keys)
        mean = self._table.mean[rows]
        return np.asarray(
            mean
            + ndtri(1.0 / (1.0 + self._table.reach[rows])) * np.sqrt(np.maximum(self._table.square[rows] - mean * mean, 0.0))
        )

    def predict(self, key: Hashable, now: float) -> RunTime | Unknown:
        """How long a waiting job takes; for a running one, condition it on the time since its start."""
        if not self._ended:
            return Unknown("no run has ended yet")
        self._bring_up(now)
        table, row = self._table, self._table.row[key]
        (near,), (weights,) = table.weights(np.array([row]), self._rates.rates)
        near, weights = near[weights > 0], weights[weights > 0]
        ended = table.phase[near] == ENDED
        spread = np.maximum(table.square[near] - table.mean[near] ** 2, 0.0)
        location, scale, freedom = self._kind(int(table.kind[row]))
        weights = np.append(weights, self._rates.new)
        return RunTime(
            weights / weights.sum(),
            np.append(table.mean[near], location),
            np.append(np.where(ended, self._scale, np.sqrt(spread + self._scale**2)), scale),
            np.append(np.where(ended, _FREEDOM, 30.0), freedom),
        )

    def _learn(self, row: int, value: float) -> None:
        """Which of the ended jobs before it was it like?"""
        table = self._table
        (near,), (weights,) = table.weights(np.array([row]), self._rates.rates)
        use = (weights > 0) & (table.phase[near] == ENDED)
        if not use.any():
            return
        near, weights = near[use], weights[use]
        alike = weights * np.exp(log_density(value, table.mean[near], self._scale, _FREEDOM))
        location, scale, freedom = self._kind(int(table.kind[row]))
        new = self._rates.new * math.exp(float(log_density(value, location, scale, freedom)))
        total = float(alike.sum()) + new
        chosen = alike / total
        self._rates.learn(table.links[row][use], chosen, float(weights.sum()) + self._rates.new, new / total)
        # Expectation maximisation for the scale of a Student-t (Lange, Little & Taylor 1989).
        square = (value - table.mean[near]) ** 2
        self._like_square *= _LIKE_MEMORY
        self._like_runs *= _LIKE_MEMORY
        self._like_square += float(chosen @ (square * (_FREEDOM + 1) / (_FREEDOM + square / self._scale**2)))
        self._like_runs += float(chosen.sum())

    @property
    def _scale(self) -> float:
        return math.sqrt(self._like_square / self._like_runs)

    @property
    def _noise(self) -> float:
        return self._scale**2 * _FREEDOM / (_FREEDOM - 2)

    def _bring_up(self, now: float) -> None:
        if self._stale:
            kinds = self._of_kinds()
            update_running(self._table, self._rates, kinds, self._noise, now)
            update_queued(self._table, self._rates, kinds, self._noise)
            self._stale = False

    def _rows(self, keys: Sequence[Hashable]) -> IntArray:
        return np.fromiter((self._table.row[key] for key in keys), np.int64, len(keys))

    def _of_kinds(self) -> RawMoments:
        found = [self._kind(number) for number in range(len(self._seen))]
        mean = np.array([location for location, _, _ in found])
        variance = np.array([scale**2 * freedom / (freedom - 2) for _, scale, freedom in found])
        return mean, variance + mean * mean

    def _kind(self, number: int) -> tuple[float, float, float]:
        """Location, scale and degrees of freedom of a new job of that kind: normal-inverse-gamma, as in `regression`."""
        sums = self._sums()
        runs, y, yy = sums.sum(axis=0)
        location = y / runs
        variance = (max(yy - y * y / runs, 0.0) + _VARIANCE) / (runs + 1.0)
        n, y, yy = sums[number]
        precision, shape = _KIND_RUNS + n, 2.0 + n / 2
        middle = (_KIND_RUNS * location + y) / precision
        square = yy - 2 * y * location + n * location**2 - precision * (middle - location) ** 2
        scale = 2.0 * variance + max(square, 0.0) / 2
        return middle, math.sqrt(scale / shape * (1 + 1 / precision)), 2 * shape

    def _sums(self) -> FloatArray:
        sums = np.array(self._seen)
        rows = self._table.in_phase(RUNNING)
        rows = rows[self._table.square[rows] > 0]
        for column, values in enumerate((np.ones(len(rows)), self._table.mean[rows], self._table.square[rows])):
            sums[:, column] += np.bincount(self._table.kind[rows], values, len(sums))
        return np.asarray(sums, np.float64)
