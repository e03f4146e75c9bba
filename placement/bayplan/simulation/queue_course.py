"""What queues hold over time, and who waits meanwhile: sums of what lies between two events."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

_NEARLY = 1e-9
"""Part by which a queue may hold more than its due, and not count as above it."""


class QueueCourse:
    """Sums that are kept per queue, each brought up to the instant at which something of it changes."""

    def __init__(self, due: FloatArray, capacity: FloatArray) -> None:
        """`due`: shape (queues, resources), what each may call its own; `capacity`: shape (resources,), of all nodes."""
        count = len(due)
        self._due, self._capacity = due * (1 + _NEARLY), np.maximum(capacity, 1.0)
        self._held = np.zeros(due.shape)
        self._waiting = np.zeros(count)
        self._share = np.zeros(count)
        self._above = np.zeros(count, bool)
        self._rate = np.zeros(count)
        """Jobs that wait, of queues that hold no more than their due."""
        self._waited = np.zeros(count)
        """The integral of that, up to `_at`."""
        self._at = np.zeros(count)
        self._since = np.zeros((count, count))
        """Per queue that is above its due, what all had waited when it came to be."""
        self.share_seconds = np.zeros(count)
        """The integral of each one's largest part of a resource."""
        self.delays = np.zeros((count, count))
        """What each waited while another was above its due: shape (queues that waited, those above)."""

    def run(self, times: FloatArray, queue: IntArray, held: FloatArray, waiting: FloatArray) -> None:
        """Per event: when, in which queue, what it holds more (shape (events, resources)), and how many jobs more wait."""
        order = np.argsort(times, kind="stable")
        if not len(order):
            return
        at = times[order]
        firsts = np.flatnonzero(np.concatenate(([True], at[1:] > at[:-1])))
        bounds = [*firsts.tolist(), len(at)]
        self._at[:] = at[0]
        queues = queue[order].tolist()
        for first, last in pairwise(bounds):
            rows = order[first:last]
            if last - first == 1:
                number = queues[first]
                self._settle(number, at[first])
                self._held[number] += held[rows[0]]
                self._waiting[number] += waiting[rows[0]]
                self._look((number,), at[first])
                continue
            touched = sorted(set(queues[first:last]))
            for number in touched:
                self._settle(number, at[first])
            np.add.at(self._held, queue[rows], held[rows])
            np.add.at(self._waiting, queue[rows], waiting[rows])
            self._look(touched, at[first])
        self._finish(float(at[-1]))

    def _settle(self, number: int, now: float) -> None:
        passed = now - self._at[number]
        self._waited[number] += self._rate[number] * passed
        self.share_seconds[number] += self._share[number] * passed
        self._at[number] = now

    def _look(self, touched: Iterable[int], now: float) -> None:
        """What follows from what they hold by now."""
        for number in touched:
            held = self._held[number]
            above = bool((held > self._due[number]).any())
            self._share[number] = (held / self._capacity).max()
            self._rate[number] = 0.0 if above else self._waiting[number]
            if above != self._above[number]:
                self._above[number] = above
                self._turn(number, above, now)

    def _turn(self, number: int, above: bool, now: float) -> None:
        waited = self._waited + self._rate * (now - self._at)
        if above:
            self._since[:, number] = waited
        else:
            self.delays[:, number] += waited - self._since[:, number]

    def _finish(self, now: float) -> None:
        for number in range(len(self._at)):
            self._settle(number, now)
        for number in np.flatnonzero(self._above).tolist():
            self._turn(number, False, now)
        np.fill_diagonal(self.delays, 0.0)
