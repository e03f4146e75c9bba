"""Simulated annealing over lists and processors, in slices."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.arrays import Placements
from bayplan.solvers.kernels.scheduling.lists import shift
from bayplan.solvers.kernels.scheduling.lots import below, share

HOT, COLD = 0.02, 0.0001
"""Temperatures at the beginning and at the end of a cycle, in shares of the makespan; at first 1 / tasks if that is more."""


class Walk(NamedTuple):
    """Where an annealing stands; everything is changed. Rows of `lists` and `fixed`: now, tried, best."""

    lists: IntArray
    """Shape (3, tasks)."""
    fixed: IntArray
    """Shape (3, tasks): the processor of each task."""
    starts: FloatArray
    """Shape (2, tasks): of what was decoded last: starts and ends."""
    before: IntArray
    """Shape (2, tasks): the task just before each on its processor (-1: none), and the tasks of a critical chain."""
    makespans: FloatArray
    """Shape (2,): now, best."""
    clock: IntArray
    """Shape (3,): steps into the cycle, length of the cycle, length of the critical chain (0: to be found)."""
    lots: IntArray
    """Shape (1,): the state of the random numbers."""
    movable: IntArray
    """Shape (any,): tasks that may change places; the others keep their processors."""
    may: BoolArray
    """Shape (tasks,): the same as a mask."""
    front: int
    """So many tasks at the beginning of every list stay there: what runs already has its processor before anything else."""


@compiled
def append(work: Placements, walk: Walk, row: int) -> float:
    """Run the tasks of a row in its order, each after the last one on its processor; answers the makespan. O(tasks + edges)."""
    last = np.full(work.durations.shape[1], -1, np.int64)
    fixed = walk.fixed[row]
    finish = walk.starts[1]
    makespan = 0.0
    for task in walk.lists[row]:
        processor = fixed[task]
        duration = work.durations[task, processor]
        previous, start, fetching = -1, 0.0, 0.0
        for edge in range(work.parent_start[task], work.parent_start[task + 1]):
            parent = work.parents[edge]
            moved = 0.0 if work.site[fixed[parent]] == work.site[processor] else work.parent_seconds[edge]
            if work.fetched:
                fetching = max(fetching, moved)
                moved = 0.0
            start = max(start, finish[parent] + moved)
        duration += fetching
        if duration > 0.0:
            previous = last[processor]
            start = max(start, work.available[processor] if previous < 0 else finish[previous])
            last[processor] = task
        walk.starts[0, task] = start
        finish[task] = start + duration
        makespan = max(makespan, finish[task])
        walk.before[0, task] = previous
    return makespan


@compiled
def _chain(work: Placements, walk: Walk, row: int) -> int:
    """Write the movable tasks of a chain that the makespan of what was decoded last comes from; answers how many.

    O(tasks + edges).
    """
    finish, fixed = walk.starts[1], walk.fixed[row]
    task = 0
    for each in range(1, len(finish)):
        if finish[each] > finish[task]:
            task = each
    length = 0
    while task >= 0:
        if walk.may[task]:
            walk.before[1, length] = task
            length += 1
        start = walk.starts[0, task]
        cause = walk.before[0, task]
        if cause >= 0 and finish[cause] < start:
            cause = -1
        if cause < 0:
            for edge in range(work.parent_start[task], work.parent_start[task + 1]):
                parent = work.parents[edge]
                arrival = finish[parent]
                if not work.fetched and work.site[fixed[parent]] != work.site[fixed[task]]:
                    arrival += work.parent_seconds[edge]
                if arrival >= start:
                    cause = parent
                    break
        task = cause
    return length


@compiled
def _try(work: Placements, walk: Walk) -> bool:
    """Write a neighbour into the second row: two tasks change processors, one goes to another, or one moves in the list.

    False: what was drawn is not possible. O(tasks).
    """
    tasks, processors = work.durations.shape
    movable = len(walk.movable)
    for task in range(tasks):
        walk.lists[1, task] = walk.lists[0, task]
        walk.fixed[1, task] = walk.fixed[0, task]
    if share(walk.lots) < 0.5:
        task = walk.before[1, below(walk.lots, walk.clock[2])]
    else:
        task = walk.movable[below(walk.lots, movable)]
    here = walk.fixed[0, task]
    kind = share(walk.lots)
    moved = kind < 0.3 or 0.6 <= kind < 0.76 or kind >= 0.92
    if kind < 0.6:
        other = walk.movable[below(walk.lots, movable)]
        there = walk.fixed[0, other]
        if here == there or work.durations[task, there] == np.inf or work.durations[other, here] == np.inf:
            return False
        walk.fixed[1, task], walk.fixed[1, other] = there, here
    elif kind < 0.92:
        there = below(walk.lots, processors)
        if here == there or work.durations[task, there] == np.inf:
            return False
        walk.fixed[1, task] = there
    if moved:
        at = 0
        while walk.lists[1, at] != task:
            at += 1
        shift(work.parent_start, work.parents, walk.lists[1], at, walk.front + below(walk.lots, tasks - walk.front))
    return True


@compiled
def anneal(work: Placements, walk: Walk, bound: float, steps: int) -> int:
    """Take `steps` steps, or fewer where nothing shorter can be found; answers how many. O(tasks + edges) each.

    That is so where `bound` is reached, or where the makespan comes from tasks alone that may not move.

    A longer schedule is taken with chance exp(-lengthening / temperature). Each cycle starts from the best known and
    is twice as long as the one before it.
    """
    hot = max(HOT, 1.0 / len(work.durations))
    used = 0
    while used < steps and walk.makespans[1] > bound:
        if walk.clock[0] == walk.clock[1]:
            walk.clock[0] = 0
            walk.clock[1] *= 2
            walk.lists[0] = walk.lists[2]
            walk.fixed[0] = walk.fixed[2]
            walk.makespans[0] = walk.makespans[1]
            walk.clock[2] = 0
        if walk.clock[2] == 0:
            append(work, walk, 0)
            walk.clock[2] = _chain(work, walk, 0)
            if walk.clock[2] == 0:
                break
        progress = walk.clock[0] / walk.clock[1]
        walk.clock[0] += 1
        used += 1
        if not _try(work, walk):
            continue
        makespan = append(work, walk, 1)
        if makespan > walk.makespans[0]:
            heat = hot * walk.makespans[1] * (COLD / hot) ** progress
            if share(walk.lots) >= np.exp((walk.makespans[0] - makespan) / heat):
                continue
        walk.lists[0] = walk.lists[1]
        walk.fixed[0] = walk.fixed[1]
        walk.makespans[0] = makespan
        walk.clock[2] = _chain(work, walk, 0)
        if makespan < walk.makespans[1]:
            walk.makespans[1] = makespan
            walk.lists[2] = walk.lists[0]
            walk.fixed[2] = walk.fixed[0]
    return used
