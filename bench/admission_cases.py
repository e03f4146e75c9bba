"""The workloads of Kueue's performance tests: queues in cohorts, and classes of work that comes at even intervals.

The figures are those of its `test/performance/scheduler` as of August 2026.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

NOMINAL, BORROWING = 20, 100
"""Processors of each queue, and how many more it may borrow of its cohort."""


@dataclass(frozen=True, slots=True)
class WorkClass:
    """Work of one kind, of each queue."""

    name: str
    count: int
    interval: float
    """Seconds between two that come."""
    seconds: float
    """That each runs."""
    priority: int
    cpu: int


@dataclass(frozen=True, slots=True)
class Case:
    """Cohorts of queues that are all alike."""

    cohorts: int
    queues: int
    """Of each cohort."""
    classes: tuple[WorkClass, ...]

    def scaled(self, part: float) -> "Case":
        """Of each class only so large a part, the first that come."""
        classes = tuple(replace(kind, count=max(1, round(part * kind.count))) for kind in self.classes)
        return replace(self, classes=classes)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work."""

    at: float
    cohort: int
    queue: int
    kind: WorkClass
    number: int
    """Among those of its queue and class, from 0."""

    @property
    def name(self) -> str:
        """Unique."""
        return f"{self.queue_name.replace('/', '-')}-{self.kind.name}-{self.number}"

    @property
    def queue_name(self) -> str:
        """COHORT/QUEUE."""
        return f"cohort{self.cohort}/queue{self.queue}"


CASES = {
    "baseline": Case(
        5,
        6,
        (
            WorkClass("small", 350, 0.1, 0.2, 50, 1),
            WorkClass("medium", 100, 0.5, 0.5, 100, 5),
            WorkClass("large", 50, 1.2, 1.0, 200, 20),
        ),
    ),
    "large": Case(
        10,
        100,
        (
            WorkClass("small", 35, 0.06, 0.15, 50, 1),
            WorkClass("medium", 11, 0.3, 0.35, 100, 5),
            WorkClass("large", 4, 0.7, 0.7, 200, 20),
        ),
    ),
}


def work_of(case: Case, seed: int) -> list[Work]:
    """In the order in which it comes. Seed 0: all queues in phase; others shift each by up to one interval of each class."""
    draws = np.random.default_rng(seed)

    def made() -> Iterator[Work]:
        for cohort in range(case.cohorts):
            for queue in range(case.queues):
                shift = draws.random() if seed else 0.0
                for kind in case.classes:
                    for number in range(kind.count):
                        yield Work((number + 1 + shift) * kind.interval, cohort, queue, kind, number)

    return sorted(made(), key=lambda each: (each.at, each.cohort, each.queue, -each.kind.priority, each.number))
