"""Making precedence-feasible lists of tasks: drawing, crossing, changing them."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.lists import shift
from bayplan.solvers.kernels.scheduling.lots import below, share


@compiled
def sample(
    parent_start: IntArray, edges: tuple[IntArray, IntArray], urgency: FloatArray, lots: IntArray, order: IntArray
) -> None:
    """Draw a list into `order`: again and again one of the tasks whose parents are in it, by regret.

    A task's chance rises with its urgency - the least urgency there + 1 (regret-based biased random sampling, Drexl 1991).
    `edges`: where each task's children start, and the children. O(tasks^2) where most are free to go.
    """
    child_start, children = edges
    tasks = len(order)
    missing = np.empty(tasks, np.int64)
    eligible = np.empty(tasks, np.int64)
    weight = np.empty(tasks)
    count = 0
    for task in range(tasks):
        missing[task] = parent_start[task + 1] - parent_start[task]
        if missing[task] == 0:
            eligible[count] = task
            count += 1
    for place in range(tasks):
        least = urgency[eligible[0]]
        for each in range(1, count):
            least = min(least, urgency[eligible[each]])
        total = 0.0
        for each in range(count):
            weight[each] = urgency[eligible[each]] - least + 1.0
            total += weight[each]
        ball = share(lots) * total
        chosen = 0
        while chosen < count - 1 and ball >= weight[chosen]:
            ball -= weight[chosen]
            chosen += 1
        task = eligible[chosen]
        order[place] = task
        count -= 1
        eligible[chosen] = eligible[count]
        for edge in range(child_start[task], child_start[task + 1]):
            child = children[edge]
            missing[child] -= 1
            if missing[child] == 0:
                eligible[count] = child
                count += 1


@compiled
def cross(mother: IntArray, father: IntArray, first: int, last: int, child: IntArray) -> None:
    """Two-point crossover (Hartmann 1998): the mother's list, but from place `first` to before `last` in the father's order.

    Keeps precedence, since either parent does. O(tasks).
    """
    tasks = len(mother)
    taken = np.zeros(tasks, np.bool_)
    for place in range(first):
        child[place] = mother[place]
        taken[mother[place]] = True
    place = first
    for task in father:
        if place == last:
            break
        if not taken[task]:
            child[place] = task
            taken[task] = True
            place += 1
    for task in mother:
        if not taken[task]:
            child[place] = task
            place += 1


@compiled
def mutate(parent_start: IntArray, parents: IntArray, order: IntArray, rate: float, lots: IntArray) -> None:
    """Move each task with chance `rate` to a random place, as far as precedence allows. O(tasks x rate x distance)."""
    tasks = len(order)
    for place in range(tasks):
        if share(lots) < rate:
            shift(parent_start, parents, order, place, below(lots, tasks))
