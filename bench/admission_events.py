"""What happened in a run of queues, in order, and the figures that are made of it."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.admission_cases import BORROWING, NOMINAL, Case, Work

SUBMIT, START, EVICT, END = "submit", "start", "evict", "end"
Figure = tuple[str, float, str]
"""Name, value, unit."""


class Event(NamedTuple):
    """Of one piece of work."""

    at: float
    """Seconds from the start of the run."""
    what: str
    work: Work


def events_of(work: Sequence[Work], starts: Mapping[str, float]) -> list[Event]:
    """Where each runs for exactly as long as it takes: at equal times, what ends comes before what starts."""
    found = [(each.at, 1, Event(each.at, SUBMIT, each)) for each in work]
    for each in work:
        start, end = starts[each.name], starts[each.name] + each.kind.seconds
        found += [(start, 2, Event(start, START, each)), (end, 0, Event(end, END, each))]
    return [event for _, _, event in sorted(found, key=lambda entry: entry[:2])]


def figures_of(case: Case, events: Sequence[Event], prefix: str = "") -> list[Figure]:
    """When all has ended, mean waits of each class until its first start, evictions, and useful work: what was done in
    processor seconds, in parts of the quota over that time."""
    submitted: dict[str, float] = {}
    started: dict[str, float] = {}
    waits: dict[str, list[float]] = defaultdict(list)
    for event in events:
        name = event.work.name
        if event.what == SUBMIT:
            submitted[name] = event.at
        elif event.what == START and name not in started:
            started[name] = event.at
            waits[event.work.kind.name].append(event.at - submitted[name])
    done = [event for event in events if event.what == END]
    wall = max(event.at for event in done)
    useful = sum(event.work.kind.cpu * event.work.kind.seconds for event in done)
    capacity = NOMINAL * case.cohorts * case.queues
    return [
        (f"{prefix}wall_s", wall, "s"),
        *((f"{prefix}wait_{name}_s", float(np.mean(waits[name])), "s") for name in ("small", "medium", "large")),
        (f"{prefix}evictions", float(sum(event.what == EVICT for event in events)), "events"),
        (f"{prefix}useful_work", useful / (capacity * wall), "of the quota"),
    ]


def over_quota(case: Case, events: Sequence[Event]) -> int:
    """At how many events a queue or a cohort holds more than it may, by plain sums."""
    held: dict[object, int] = defaultdict(int)
    over = 0
    for _, what, each in events:
        if what == SUBMIT:
            continue
        for holder, most in ((each.queue_name, NOMINAL + BORROWING), (each.cohort, NOMINAL * case.queues)):
            held[holder] += each.kind.cpu if what == START else -each.kind.cpu
            over += held[holder] > most
    return over


def write_events(path: Path, events: Sequence[Event]) -> None:
    """One row each, in their order."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "event", "workload", "queue", "class", "cpu"))
        for at, what, each in events:
            writer.writerow((at, what, each.name, each.queue_name, each.kind.name, each.kind.cpu))
