"""Depth-first branch and bound for identical processors, in slices."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bench.scheduling.kernels.arrays import Activities

WAYS = 4


class Search(NamedTuple):
    """Where a search stands; everything is changed by `branch`. Depth: the number of tasks that are scheduled."""

    tail: FloatArray
    """Shape (tasks,): seconds from a task's start to the end at least; never changed."""
    by_tail: IntArray
    """Shape (tasks,): tasks by falling tail, parents before children: the order of branching, and of latest starts."""
    rank: IntArray
    """Shape (tasks,): the place of each task in `by_tail`."""
    by_due: IntArray
    """Shape (tasks,): tasks by falling tail without their own duration: the order of latest ends."""
    keys: IntArray
    """Shape (tasks, 2): what stands for a task in the two hashes of a set of tasks."""
    free: FloatArray
    """Shape (tasks + 1, processors): per depth, when each processor is free, ascending."""
    earliest: FloatArray
    """Shape (tasks + 1, tasks): per depth, the earliest start of what is not scheduled."""
    candidates: IntArray
    """Shape (tasks + 1, tasks): per depth, the tasks to branch on."""
    cursor: IntArray
    """Shape (tasks + 1, 2): per depth, how many candidates, and which is next (-1: the depth has not been looked at)."""
    chosen: IntArray
    """Shape (tasks + 1, 2): per depth, the task that led to it, and the depth that the last one with a duration led to."""
    start: FloatArray
    """Shape (tasks,): starts of what is scheduled."""
    done: BoolArray
    """Shape (tasks,): what is scheduled."""
    since: IntArray
    """Shape (tasks, 2): how many parents are not scheduled yet, and the depth at which the last one was."""
    depth: IntArray
    """Shape (2,): the depth, or -1 when everything has been looked at; and how often `branch` looked at a state."""
    hashes: IntArray
    """Shape (tasks + 1, 2): per depth, the hashes of the set of tasks that are scheduled."""
    seen: IntArray
    """Shape (slots,): of states that were looked at, the hash of the set; 0: none."""
    seen_free: FloatArray
    """Shape (slots, processors): of these, when each processor is free."""
    seen_task: IntArray
    """Shape (slots, processors): of these, the tasks that run and have children that are not scheduled; -1: none."""
    seen_end: FloatArray
    """Shape (slots, processors): their ends."""
    best: FloatArray
    """Shape (tasks + 1,): the makespan that has to be beaten, and the starts of the schedule that was found."""


@compiled
def _hopeless(work: Activities, search: Search, depth: int, limit: float) -> bool:
    """Whether no schedule from here ends by `limit`: a chain is too long, or the processors have too little time.

    Whatever has to run before an instant, everything being as late as `limit` lets it be, must fit before it on
    the processors (energetic reasoning, Fernandez & Bussell 1973, from the present on). Also writes the earliest
    starts. O(tasks + edges + tasks x processors).
    """
    tasks = len(work.durations)
    free, earliest = search.free[depth], search.earliest[depth]
    for task in search.by_tail:
        if search.done[task]:
            continue
        ready = free[0] if work.durations[task] > 0.0 else 0.0
        for edge in range(work.parent_start[task], work.parent_start[task + 1]):
            parent = work.parents[edge]
            begun = search.start[parent] if search.done[parent] else earliest[parent]
            ready = max(ready, begun + work.durations[parent])
        earliest[task] = ready
        if ready + search.tail[task] > limit:
            return True
    slope, must, now = 0, 0.0, 0.0
    late, due = 0, 0
    while due < tasks:
        ending = search.by_due[due]
        at = limit - search.tail[ending] + work.durations[ending]
        beginning = False
        if late < tasks:
            other = limit - search.tail[search.by_tail[late]]
            if other <= at:
                at, beginning = other, True
        must += slope * (at - now)
        now = at
        if beginning:
            if not search.done[search.by_tail[late]]:
                slope += 1
            late += 1
            continue
        due += 1
        if not search.done[ending]:
            slope -= 1
            room = 0.0
            for each in free:
                if each >= at:
                    break
                room += at - each
            if must > room + 1e-9 * limit:
                return True
    return False


@compiled
def _dominated(work: Activities, search: Search, depth: int) -> bool:
    """Whether a state with the same tasks scheduled was looked at that was nowhere later; if not, note this one.

    O(tasks + edges of what runs + processors).
    """
    processors = search.free.shape[1]
    free = search.free[depth]
    running = np.full(processors, -1, np.int64)
    ends = np.zeros(processors)
    count = 0
    # What still runs and matters; the end of a task is one of the times at which processors become free.
    for level in range(depth, 0, -1):
        task = search.chosen[level, 0]
        end = search.start[task] + work.durations[task]
        if end <= free[0]:
            continue
        for edge in range(work.child_start[task], work.child_start[task + 1]):
            if not search.done[work.children[edge]]:
                if count == processors:
                    return False  # tasks of no duration among them: more than there is room to note
                running[count], ends[count] = task, end
                count += 1
                break
    size = len(search.seen)
    key = search.hashes[depth, 0]
    slot = search.hashes[depth, 1] % size
    spare = -1
    for way in range(WAYS):
        at = (slot + way) % size
        if search.seen[at] == 0:
            if spare < 0:
                spare = at
            continue
        if search.seen[at] != key:
            continue
        sooner, later = True, True
        for each in range(processors):
            sooner = sooner and search.seen_free[at, each] <= free[each]
            later = later and search.seen_free[at, each] >= free[each]
        if sooner:
            for each in range(processors):
                task = search.seen_task[at, each]
                if task < 0:
                    break
                end = search.start[task] + work.durations[task]
                if search.seen_end[at, each] > max(end, free[0]):
                    sooner = False
                    break
            if sooner:
                return True
        if later and spare < 0:
            spare = at
    if spare < 0:
        spare = (slot + search.depth[1] % WAYS) % size
    search.seen[spare] = key
    search.seen_free[spare] = free
    search.seen_task[spare] = running
    search.seen_end[spare] = ends
    return False


@compiled
def _expand(work: Activities, search: Search, depth: int) -> None:
    """Write the candidates of a depth: tasks that can begin before the first of them could have ended.

    A task that could only begin later would leave a gap that another one fits into (Giffler & Thompson 1960). Of two
    tasks that begin at the same instant only one order is looked at. O(tasks).
    """
    earliest = search.earliest[depth]
    count = 0
    first_end = np.inf
    for task in search.by_tail:
        if search.done[task] or search.since[task, 0] > 0:
            continue
        if work.durations[task] == 0.0:
            search.candidates[depth, 0] = task
            search.cursor[depth, 0] = 1
            return
        first_end = min(first_end, earliest[task] + work.durations[task])
        search.candidates[depth, count] = task
        count += 1
    level = search.chosen[depth, 1]
    last = search.chosen[level, 0]
    kept = 0
    for each in range(count):
        task = search.candidates[depth, each]
        if earliest[task] >= first_end:
            continue
        alike = level > 0 and search.since[task, 1] < level and earliest[task] == search.start[last]
        if alike and search.rank[task] < search.rank[last]:
            continue
        search.candidates[depth, kept] = task
        kept += 1
    search.cursor[depth, 0] = kept


@compiled
def branch(work: Activities, search: Search, quantum: float, steps: int) -> int:
    """Look at up to `steps` states more; answers at how many. Depth -1 after it: nothing better than `best` exists.

    States are built in the order of starts; each task begins as soon as its parents and a processor let it, so that
    idling is only ever waiting for a task. `quantum`: makespans are multiples of it (0: of nothing).
    """
    tasks = len(work.durations)
    processors = search.free.shape[1]
    looked = 0
    depth = search.depth[0]
    while depth >= 0 and looked < steps:
        if search.cursor[depth, 1] < 0:
            looked += 1
            search.depth[1] += 1
            search.cursor[depth, 0], search.cursor[depth, 1] = 0, 0
            limit = search.best[0] - quantum + 1e-9 * search.best[0] if quantum > 0.0 else search.best[0] * (1.0 - 1e-9)
            if depth == tasks:
                makespan = 0.0
                for task in range(tasks):
                    makespan = max(makespan, search.start[task] + work.durations[task])
                if makespan <= limit:
                    search.best[0] = makespan
                    search.best[1:] = search.start
            elif not _hopeless(work, search, depth, limit) and not _dominated(work, search, depth):
                _expand(work, search, depth)
        if search.cursor[depth, 1] < search.cursor[depth, 0]:
            task = search.candidates[depth, search.cursor[depth, 1]]
            search.cursor[depth, 1] += 1
            begin = search.earliest[depth, task]
            below = depth + 1
            search.start[task] = begin
            search.done[task] = True
            search.chosen[below, 0] = task
            search.hashes[below, 0] = search.hashes[depth, 0] ^ search.keys[task, 0]
            search.hashes[below, 1] = search.hashes[depth, 1] ^ search.keys[task, 1]
            for edge in range(work.child_start[task], work.child_start[task + 1]):
                child = work.children[edge]
                search.since[child, 0] -= 1
                if search.since[child, 0] == 0:
                    search.since[child, 1] = below
            if work.durations[task] == 0.0:
                search.chosen[below, 1] = search.chosen[depth, 1]
                search.free[below] = search.free[depth]
            else:
                search.chosen[below, 1] = below
                # The processor that is free first takes it; nothing begins before `begin` any more.
                end = begin + work.durations[task]
                for each in range(1, processors):
                    search.free[below, each - 1] = max(search.free[depth, each], begin)
                place = processors - 1
                while place > 0 and search.free[below, place - 1] > end:
                    search.free[below, place] = search.free[below, place - 1]
                    place -= 1
                search.free[below, place] = end
            search.cursor[below, 1] = -1
            depth = below
        else:
            if depth > 0:
                task = search.chosen[depth, 0]
                search.done[task] = False
                for edge in range(work.child_start[task], work.child_start[task + 1]):
                    search.since[work.children[edge], 0] += 1
            depth -= 1
    search.depth[0] = depth
    return looked
