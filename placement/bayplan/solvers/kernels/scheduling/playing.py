"""Playing a graph through: whenever a slot is free, the first of those that wait for such a slot starts."""

from heapq import heapify, heappop, heappush
from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.lateness import Lateness


class Score(NamedTuple):
    """What is played; the word is music's."""

    unit_task: IntArray
    """Shape (units,)."""
    unit_start: IntArray
    """Shape (tasks + 1,): the first unit of each task."""
    parents: IntArray
    """Shape (tasks,): how many tasks each waits for."""
    child_start: IntArray
    children: IntArray
    """Those that wait for each task, in compressed rows."""
    rank: IntArray
    """Shape (units,): of those that wait for a slot, the lowest goes first. All numbers from 0 on, each once."""
    group: IntArray
    """Shape (units,): the group of slots alike that a unit runs on."""
    running: BoolArray
    """Shape (units,): it runs already, and frees a slot of its group when it ends."""
    done: BoolArray
    """Shape (units,)."""
    free_at: FloatArray
    """Shape (slots,): seconds from now until each slot is free that none of the running units has."""
    slot_group: IntArray
    """Shape (slots,)."""
    groups: int
    late: Lateness
    """Which units are not waited for."""


@compiled
def play(score: Score, seconds: FloatArray) -> FloatArray:
    """Per sample, seconds from now until the last unit has ended; infinite where a unit never finds a slot.

    `seconds`: shape (samples, units), how long each runs, or runs on. An event simulation of list scheduling without idling
    (Graham 1969), for each sample. O(samples * ((units + slots) * log(units + slots) + edges)).
    """
    unit_of = np.argsort(score.rank)
    ends = np.empty(len(seconds))
    for sample in range(len(seconds)):
        ends[sample] = _play(score, seconds[sample], unit_of)
    return ends


@compiled
def _play(score: Score, seconds: FloatArray, unit_of: IntArray) -> float:
    units = len(seconds)
    left, missing = score.unit_start[1:] - score.unit_start[:-1], score.parents.copy()
    free, touched = np.zeros(score.groups, np.int64), np.ones(score.groups, np.bool_)
    # No list is empty when it is made, so that the compiler knows what it holds.
    waiting = [[0] for _ in range(score.groups)]
    for each in waiting:
        each.pop()
    # Below `units` a unit ends, from there on a slot of a group becomes free, and from `timers` on a task is late; the one
    # before that stands for no slot, at the begin.
    timers = units + score.groups + 1
    events = [(float(score.free_at[slot]), int(units + score.slot_group[slot])) for slot in range(len(score.free_at))]
    events.append((0.0, units + score.groups))
    heapify(events)
    open_units = units - _begin(score, seconds, left, missing, waiting, events)
    needed, began = score.late.needed.copy(), score.late.began.copy()
    has_slot, over = score.running.copy(), score.done.copy()
    for task in range(len(left)):
        if needed[task] <= 0 and left[task] > 0 and began[task] + score.late.time_out[task] < np.inf:
            heappush(events, (max(began[task] + score.late.time_out[task], 0.0), timers + task))
    now = 0.0
    while open_units > 0 and len(events) > 0:
        now = events[0][0]
        while len(events) > 0 and events[0][0] <= now:
            _, what = heappop(events)
            if what < units:
                if over[what]:
                    continue  # its task has gone on without it
                over[what] = True
                open_units -= 1
                task = score.unit_task[what]
                left[task] -= 1
                needed[task] -= 1
                if left[task] == 0:
                    _follow(score, task, missing, waiting, touched)
                elif needed[task] == 0 and score.late.time_out[task] < np.inf:
                    heappush(events, (max(began[task] + score.late.time_out[task], now), timers + task))
            elif what >= timers:
                task = what - timers
                if left[task] > 0:
                    open_units -= left[task]
                    left[task] = 0
                    _leave_late(score, task, has_slot, over, free, touched)
                    _follow(score, task, missing, waiting, touched)
                continue
            group = score.group[what] if what < units else what - units
            if group < score.groups:
                free[group] += 1
                touched[group] = True
        # Only once everything of this instant has happened, so that the first in rank is among those that wait.
        for group in range(score.groups):
            if touched[group]:
                touched[group] = False
                while free[group] > 0 and len(waiting[group]) > 0:
                    unit = unit_of[heappop(waiting[group])]
                    if over[unit]:
                        continue
                    free[group] -= 1
                    has_slot[unit] = True
                    began[score.unit_task[unit]] = min(began[score.unit_task[unit]], now)
                    heappush(events, (now + float(seconds[unit]), int(unit)))
    return now if open_units == 0 else np.inf


@compiled
def _leave_late(score: Score, task: int, has_slot: BoolArray, over: BoolArray, free: IntArray, touched: BoolArray) -> None:
    """The units of a task that are open end, and leave their slots."""
    for unit in range(score.unit_start[task], score.unit_start[task + 1]):
        if not over[unit]:
            over[unit] = True
            if has_slot[unit]:
                free[score.group[unit]] += 1
                touched[score.group[unit]] = True


@compiled
def _begin(
    score: Score,
    seconds: FloatArray,
    left: IntArray,
    missing: IntArray,
    waiting: list[list[int]],
    events: list[tuple[float, int]],
) -> int:
    """What is over counts, what runs goes on, and the first tasks can start; answers how many units are over."""
    over = 0
    for unit in range(len(seconds)):
        if score.done[unit]:
            over += 1
            left[score.unit_task[unit]] -= 1
        elif score.running[unit]:
            heappush(events, (float(seconds[unit]), int(unit)))
    touched = np.zeros(score.groups, np.bool_)
    for task in range(len(missing)):
        if score.parents[task] == 0:
            _release(score, task, waiting, touched)
        if left[task] == 0:
            _follow(score, task, missing, waiting, touched)
    return over


@compiled
def _follow(score: Score, task: int, missing: IntArray, waiting: list[list[int]], touched: BoolArray) -> None:
    """A task is over: those that waited for nothing else can start."""
    for edge in range(score.child_start[task], score.child_start[task + 1]):
        child = score.children[edge]
        missing[child] -= 1
        if missing[child] == 0:
            _release(score, child, waiting, touched)


@compiled
def _release(score: Score, task: int, waiting: list[list[int]], touched: BoolArray) -> None:
    for unit in range(score.unit_start[task], score.unit_start[task + 1]):
        if not (score.done[unit] or score.running[unit]):
            heappush(waiting[score.group[unit]], int(score.rank[unit]))
            touched[score.group[unit]] = True
