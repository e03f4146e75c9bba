"""EASY backfilling with exact estimates, for orders whose keys are fixed: what a policy with reservations is measured by.

The head of the order holds a reservation that is made again at every event. Others start in the policy's order where they do
not delay it (Mu'alem & Feitelson, "Utilization, predictability, workloads, and user runtime estimates in scheduling the IBM SP2
with backfilling", IEEE TPDS 2001).
"""

import heapq
from bisect import insort

import numpy as np

from bayplan.model.arrays import FloatArray
from bench.queueing import Jobs

Entry = tuple[float, int]
"""A job in line: its key and its number; or one that runs: its end and its number."""


def easy(jobs: Jobs, processors: int, keys: FloatArray) -> FloatArray:
    """The seconds that each job waits. `keys`: shape (jobs,), the lower the earlier; of equal ones the first that came."""
    return _Pool(jobs, processors, keys).run()


class _Pool:
    def __init__(self, jobs: Jobs, processors: int, keys: FloatArray) -> None:
        self._came, self._seconds = jobs.came.tolist(), jobs.seconds.tolist()
        self._asked, self._keys = jobs.processors.tolist(), keys.tolist()
        self._free = processors
        self._waiting: list[Entry] = []
        self._running: list[Entry] = []
        self._waits = np.zeros(len(jobs.came))

    def run(self) -> FloatArray:
        """Until all have ended."""
        following, count = 0, len(self._came)
        while following < count or self._running:
            now = min(self._came[following] if following < count else np.inf, self._running[0][0] if self._running else np.inf)
            while self._running and self._running[0][0] <= now:
                self._free += self._asked[heapq.heappop(self._running)[1]]
            while following < count and self._came[following] <= now:
                insort(self._waiting, (self._keys[following], following))
                following += 1
            self._start_what_may(now)
        return self._waits

    def _start_what_may(self, now: float) -> None:
        while self._waiting and self._asked[self._waiting[0][1]] <= self._free:
            self._start(self._waiting.pop(0)[1], now)
        if not self._waiting or not self._free:
            return
        shadow, spare = self._reservation(self._asked[self._waiting[0][1]])
        left = self._waiting[:1]
        for entry in self._waiting[1:]:
            job = entry[1]
            in_time = now + self._seconds[job] <= shadow
            if self._asked[job] <= self._free and (in_time or self._asked[job] <= spare):
                spare -= 0 if in_time else self._asked[job]
                self._start(job, now)
            else:
                left.append(entry)
        self._waiting = left

    def _reservation(self, asked: int) -> tuple[float, int]:
        """When so many processors will be free, and how many more will be."""
        there, at = self._free, 0.0
        for end, job in sorted(self._running):
            if there >= asked and end > at:
                break
            there, at = there + self._asked[job], end
        return at, there - asked

    def _start(self, job: int, now: float) -> None:
        self._free -= self._asked[job]
        self._waits[job] = now - self._came[job]
        heapq.heappush(self._running, (now + self._seconds[job], job))
