"""One pool of identical processors, jobs that wait for it, and a policy that says which job goes first."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray

_SHORT = 10.0
"""Seconds that a run counts as at least in the slowdown."""


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """In the order in which they come; all of shape (jobs,)."""

    came: FloatArray
    """Seconds since the first one came."""
    seconds: FloatArray
    processors: IntArray

    @property
    def load(self) -> float:
        """Processors that the jobs keep busy on average, until the last one came."""
        return float(self.seconds @ self.processors / self.came[-1])


class Policy(Protocol):
    """Which job goes first. It is told of everything as it happens and of no run time before it has ended."""

    def come(self, job: int, now: float) -> None:
        """A job was submitted."""

    def start(self, job: int, now: float) -> None:
        """A job starts."""

    def end(self, job: int, now: float) -> None:
        """A job ended."""

    def keys(self, waiting: IntArray, now: float) -> FloatArray:
        """One key per waiting job, the lower the earlier; of equal ones the one that came first goes first."""
        ...


def simulate(jobs: Jobs, processors: int, policy: Policy) -> FloatArray:
    """The seconds that each job waits. At every event the whole queue is scanned, and whatever fits starts."""
    count, free, now, next_one = len(jobs.came), processors, 0.0, 0
    waits = np.zeros(count)
    waiting: list[int] = []
    running: list[tuple[float, int]] = []
    while next_one < count or running:
        now = min(jobs.came[next_one] if next_one < count else np.inf, running[0][0] if running else np.inf)
        while running and running[0][0] <= now:
            _, job = heapq.heappop(running)
            free += int(jobs.processors[job])
            policy.end(job, now)
        while next_one < count and jobs.came[next_one] <= now:
            policy.come(next_one, now)
            waiting.append(next_one)
            next_one += 1
        queue = np.array(waiting, np.int64)
        if not waiting or jobs.processors[queue].min() > free:
            continue
        started = set()
        for job in queue[np.lexsort((queue, policy.keys(queue, now)))].tolist():
            if jobs.processors[job] <= free:
                free -= int(jobs.processors[job])
                waits[job] = now - jobs.came[job]
                heapq.heappush(running, (now + jobs.seconds[job], job))
                policy.start(job, now)
                started.add(job)
                if not free:
                    break
        if started:
            waiting = [job for job in waiting if job not in started]
    return waits


def figures(jobs: Jobs, waits: FloatArray) -> dict[str, float]:
    """Mean bounded slowdown, mean completion time, and the 99th percentile and the longest of the waits, in seconds."""
    slowdown = np.maximum(1.0, (waits + jobs.seconds) / np.maximum(jobs.seconds, _SHORT))
    return {
        "mean_slowdown": float(slowdown.mean()),
        "mean_jct": float((waits + jobs.seconds).mean()),
        "p99_wait": float(np.quantile(waits, 0.99)),
        "max_wait": float(waits.max()),
    }


class Ranked:
    """A policy whose key is fixed once a job has come; `key` gives it from the job's number."""

    def __init__(self, key: Callable[[int], float]) -> None:
        self._key, self._keys = key, dict[int, float]()

    def come(self, job: int, now: float) -> None:
        """Fix the key."""
        self._keys[job] = self._key(job)

    def start(self, job: int, now: float) -> None:
        """Of no interest."""

    def end(self, job: int, now: float) -> None:
        """Of no interest."""

    def keys(self, waiting: IntArray, now: float) -> FloatArray:
        """As fixed."""
        return np.array([self._keys[job] for job in waiting.tolist()], np.float64)
