"""What to measure admission by: priority over the pooled capacity of each cohort, with EASY backfilling and nothing else."""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from bench.admission_cases import NOMINAL, Case, Work


def reference(case: Case, work: Sequence[Work]) -> dict[str, float]:
    """By name, when each starts. The first of the line has a reservation that is made again at each event; others are let in
    if they end by then, or leave it room. No decision takes any time, and nothing is evicted."""
    cohorts: dict[int, list[Work]] = defaultdict(list)
    for each in work:
        cohorts[each.cohort].append(each)
    found: dict[str, float] = {}
    for each in cohorts.values():
        found |= _pool(each, NOMINAL * case.queues)
    return found


def _pool(work: Sequence[Work], capacity: int) -> dict[str, float]:
    found: dict[str, float] = {}
    running: list[tuple[float, int, int]] = []
    waiting: list[tuple[int, float, int]] = []
    free, number = capacity, 0
    while number < len(work) or running:
        now = min(work[number].at if number < len(work) else float("inf"), running[0][0] if running else float("inf"))
        while running and running[0][0] <= now:
            free += heapq.heappop(running)[2]
        while number < len(work) and work[number].at <= now:
            heapq.heappush(waiting, (-work[number].kind.priority, work[number].at, number))
            number += 1
        free = _start(waiting, running, work, free, now, found)
    return found


def _start(
    waiting: list[tuple[int, float, int]],
    running: list[tuple[float, int, int]],
    work: Sequence[Work],
    free: int,
    now: float,
    found: dict[str, float],
) -> int:
    """Whatever may; answers what is free then."""

    def start(number: int) -> None:
        found[work[number].name] = now
        heapq.heappush(running, (now + work[number].kind.seconds, number, work[number].kind.cpu))

    while waiting and work[waiting[0][2]].kind.cpu <= free:
        number = heapq.heappop(waiting)[2]
        free -= work[number].kind.cpu
        start(number)
    if not waiting or not free:
        return free
    asked, there, shadow, spare = work[waiting[0][2]].kind.cpu, free, now, 0
    for end, _, cpu in sorted(running):
        there += cpu
        if there >= asked:
            shadow, spare = end, there - asked
            break
    left = [heapq.heappop(waiting)]
    while waiting and free:
        entry = heapq.heappop(waiting)
        kind = work[entry[2]].kind
        in_time = now + kind.seconds <= shadow
        if kind.cpu <= free and (in_time or kind.cpu <= spare):
            free -= kind.cpu
            spare -= 0 if in_time else kind.cpu
            start(entry[2])
        else:
            left.append(entry)
    for entry in left:
        heapq.heappush(waiting, entry)
    return free
