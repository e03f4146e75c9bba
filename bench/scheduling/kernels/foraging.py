"""Ants that lay trails over lists of tasks, in slices."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.arrays import Placements
from bayplan.solvers.kernels.scheduling.lots import share
from bayplan.solvers.kernels.scheduling.placing import place
from bench.scheduling.kernels.arrays import Activities
from bench.scheduling.kernels.resources import justify, serial

ANTS = 5
"""Lists per generation."""
FADING = 0.01
"""Share of the trail that is lost from one generation to the next."""
INSIGHT = 0.6
"""Power of the urgency against that of the trail."""


class Colony(NamedTuple):
    """Trails, and the best lists; everything is changed. Rows: the ant under way, the generation's best, the best of all."""

    trail: FloatArray
    """Shape (tasks, tasks): how good a place of the list is for a task."""
    lists: IntArray
    """Shape (3, tasks)."""
    starts: FloatArray
    """Shape (3, tasks)."""
    makespans: FloatArray
    """Shape (3,)."""
    ants: IntArray
    """Shape (1,): how many of the generation have arrived."""
    lots: IntArray
    """Shape (1,): the state of the random numbers."""


@compiled
def _walk(parent_start: IntArray, edges: tuple[IntArray, IntArray], urgency: FloatArray, colony: Colony) -> None:
    """Write an ant's list: place by place a task whose parents are in it, by trail and urgency.

    The trail of a task at a place is the sum over all places up to it (Merkle, Middendorf & Schmeck 2002, summation
    rule), so that a task that missed its place is caught up on. O(tasks^2).
    """
    child_start, children = edges
    order = colony.lists[0]
    tasks = len(order)
    missing, eligible = np.empty(tasks, np.int64), np.empty(tasks, np.int64)
    summed, weight = np.zeros(tasks), np.empty(tasks)
    count = 0
    for task in range(tasks):
        missing[task] = parent_start[task + 1] - parent_start[task]
        if missing[task] == 0:
            eligible[count] = task
            count += 1
    for place_of in range(tasks):
        for task in range(tasks):
            summed[task] += colony.trail[place_of, task]
        least = urgency[eligible[0]]
        for each in range(1, count):
            least = min(least, urgency[eligible[each]])
        total = 0.0
        for each in range(count):
            task = eligible[each]
            weight[each] = summed[task] * (urgency[task] - least + 1.0) ** INSIGHT
            total += weight[each]
        ball = share(colony.lots) * total
        chosen = 0
        while chosen < count - 1 and ball >= weight[chosen]:
            ball -= weight[chosen]
            chosen += 1
        task = eligible[chosen]
        order[place_of] = task
        count -= 1
        eligible[chosen] = eligible[count]
        for edge in range(child_start[task], child_start[task + 1]):
            child = children[edge]
            missing[child] -= 1
            if missing[child] == 0:
                eligible[count] = child
                count += 1


@compiled
def _arrive(colony: Colony) -> None:
    """Remember the ant's list if it is good; the last of a generation lets trails fade and lays new ones. O(tasks^2)."""
    tasks = len(colony.trail)
    for row in range(1, 3):
        if colony.makespans[0] < colony.makespans[row]:
            colony.makespans[row] = colony.makespans[0]
            colony.lists[row] = colony.lists[0]
            colony.starts[row] = colony.starts[0]
    colony.ants[0] += 1
    if colony.ants[0] < ANTS:
        return
    colony.ants[0] = 0
    for place_of in range(tasks):
        for task in range(tasks):
            colony.trail[place_of, task] *= 1.0 - FADING
    for row in range(1, 3):
        laid = FADING * colony.makespans[2] / max(colony.makespans[row], 1e-300)
        for place_of in range(tasks):
            colony.trail[place_of, colony.lists[row, place_of]] += laid
    colony.makespans[1] = np.inf


@compiled
def forage_activities(work: Activities, urgency: FloatArray, colony: Colony, bound: float, steps: int) -> int:
    """Send out ants on shared resources until `steps` passes are used up or one reaches `bound`; answers the passes.

    Each costs one serial pass and two of justification. O(tasks^2 x resources) per ant.
    """
    used = 0
    while used + 3 <= steps and colony.makespans[2] > bound:
        _walk(work.parent_start, (work.child_start, work.children), urgency, colony)
        serial(work, colony.lists[0], False, colony.starts[0])
        colony.makespans[0] = justify(work, colony.lists[0], colony.starts[0])
        used += 3
        _arrive(colony)
    return used


@compiled
def forage_placements(work: Placements, urgency: FloatArray, colony: Colony, bound: float, steps: int) -> int:
    """Send out ants on processors that differ until `steps` passes are used up or one reaches `bound`; answers the passes.

    Each task goes where it ends first. O(tasks x (tasks + processors)) per ant.
    """
    tasks, processors = work.durations.shape
    none, free = np.zeros((1, processors)), np.full(tasks, -1, np.int64)
    processor, finish, before = np.zeros(tasks, np.int64), np.zeros(tasks), np.zeros(tasks, np.int64)
    used = 0
    while used < steps and colony.makespans[2] > bound:
        _walk(work.parent_start, (work.child_start, work.children), urgency, colony)
        colony.makespans[0] = place(work, colony.lists[0], free, none, (processor, colony.starts[0], finish, before))
        used += 1
        _arrive(colony)
    return used
