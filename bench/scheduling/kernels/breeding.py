"""Genetic search over lists of tasks, in slices."""

from typing import NamedTuple

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.arrays import Placements
from bayplan.solvers.kernels.scheduling.lots import below, share
from bayplan.solvers.kernels.scheduling.placing import place
from bench.scheduling.kernels.arrays import Activities
from bench.scheduling.kernels.lists import cross, mutate, sample
from bench.scheduling.kernels.resources import justify, serial

RATE = 0.1
"""Chance of a task to be moved by a mutation."""


class Herd(NamedTuple):
    """A population; everything is changed. The last row is the child in the making."""

    lists: IntArray
    """Shape (individuals + 1, tasks)."""
    fixed: IntArray
    """Shape (individuals + 1, tasks): the processor of each task; -1: where it ends first."""
    starts: FloatArray
    """Shape (individuals + 1, tasks)."""
    makespans: FloatArray
    """Shape (individuals + 1,)."""
    born: IntArray
    """Shape (1,): how many of the individuals there are."""
    lots: IntArray
    """Shape (1,): the state of the random numbers."""


@compiled
def _parent(herd: Herd) -> int:
    """The better of two individuals that are drawn. O(1)."""
    people = herd.born[0]
    one, other = below(herd.lots, people), below(herd.lots, people)
    return other if herd.makespans[other] < herd.makespans[one] else one


@compiled
def _conceive(herd: Herd, parent_start: IntArray, parents: IntArray) -> None:
    """Cross two parents into the last row and mutate it. O(tasks x rate x distance)."""
    child = len(herd.makespans) - 1
    tasks = herd.lists.shape[1]
    mother, father = _parent(herd), _parent(herd)
    first, last = below(herd.lots, tasks + 1), below(herd.lots, tasks + 1)
    if first > last:
        first, last = last, first
    cross(herd.lists[mother], herd.lists[father], first, last, herd.lists[child])
    for task in range(tasks):
        herd.fixed[child, task] = herd.fixed[mother, task]
    for place_of in range(first, last):
        task = herd.lists[child, place_of]
        herd.fixed[child, task] = herd.fixed[father, task]
    mutate(parent_start, parents, herd.lists[child], RATE, herd.lots)


@compiled
def _admit(herd: Herd) -> None:
    """Take the child in, in the place of a bad individual, unless it is worse or there is one like it.

    O(individuals + tasks).
    """
    child, people = len(herd.makespans) - 1, herd.born[0]
    makespan = herd.makespans[child]
    if people < child:
        out = people
        herd.born[0] += 1
    else:
        for each in range(people):
            if herd.makespans[each] == makespan:
                same = True
                for task in range(herd.lists.shape[1]):
                    if herd.starts[each, task] != herd.starts[child, task]:
                        same = False
                        break
                if same:
                    return
        out = below(herd.lots, people)
        for _ in range(2):
            other = below(herd.lots, people)
            if herd.makespans[other] > herd.makespans[out]:
                out = other
        if makespan > herd.makespans[out]:
            return
    herd.lists[out] = herd.lists[child]
    herd.fixed[out] = herd.fixed[child]
    herd.starts[out] = herd.starts[child]
    herd.makespans[out] = makespan


@compiled
def evolve_activities(work: Activities, urgency: FloatArray, herd: Herd, bound: float, steps: int) -> int:
    """Breed on shared resources until `steps` passes are used up or an individual reaches `bound`; answers the passes.

    The first individuals are drawn by regret; each child costs one serial pass and two of justification.
    """
    child = len(herd.makespans) - 1
    used = 0
    while used + 3 <= steps:
        if herd.born[0] < child:
            sample(work.parent_start, (work.child_start, work.children), urgency, herd.lots, herd.lists[child])
        else:
            _conceive(herd, work.parent_start, work.parents)
        serial(work, herd.lists[child], False, herd.starts[child])
        herd.makespans[child] = justify(work, herd.lists[child], herd.starts[child])
        used += 3
        reached = herd.makespans[child] <= bound
        _admit(herd)
        if reached:
            break
    return used


@compiled
def evolve_placements(work: Placements, urgency: FloatArray, herd: Herd, bound: float, steps: int) -> int:
    """Breed on processors that differ until `steps` passes are used up or an individual reaches `bound`; answers the passes.

    A child has the settled processors of its parents; mutation settles tasks again, or leaves them to their earliest end.
    """
    child = len(herd.makespans) - 1
    tasks, processors = work.durations.shape
    none = np.zeros((1, processors))
    processor, finish, before = np.zeros(tasks, np.int64), np.zeros(tasks), np.zeros(tasks, np.int64)
    used = 0
    while used < steps:
        if herd.born[0] < child:
            if used > 0 or herd.born[0] > 0:
                sample(work.parent_start, (work.child_start, work.children), urgency, herd.lots, herd.lists[child])
            herd.fixed[child] = -1
        else:
            _conceive(herd, work.parent_start, work.parents)
            for task in range(tasks):
                if share(herd.lots) * tasks < 2.0:
                    drawn = below(herd.lots, 2 * processors)
                    settled = drawn < processors and work.durations[task, drawn] < np.inf
                    herd.fixed[child, task] = drawn if settled else -1
        plan = (processor, herd.starts[child], finish, before)
        herd.makespans[child] = place(work, herd.lists[child], herd.fixed[child], none, plan)
        used += 1
        reached = herd.makespans[child] <= bound
        _admit(herd)
        if reached:
            break
    return used
