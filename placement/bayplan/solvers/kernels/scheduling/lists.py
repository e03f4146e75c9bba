"""Changing precedence-feasible lists of tasks."""

from bayplan.model.arrays import IntArray
from bayplan.solvers.kernels.compiled import compiled


@compiled
def shift(parent_start: IntArray, parents: IntArray, order: IntArray, source: int, target: int) -> int:
    """Move the task at place `source` towards `target`, as far as its parents and children allow. O(distance x parents).

    Answers the place that it came to.
    """
    task = order[source]
    at = source
    while at > target:
        before = order[at - 1]
        bound = False
        for edge in range(parent_start[task], parent_start[task + 1]):
            if parents[edge] == before:
                bound = True
                break
        if bound:
            break
        order[at] = before
        at -= 1
    while at < target:
        after = order[at + 1]
        bound = False
        for edge in range(parent_start[after], parent_start[after + 1]):
            if parents[edge] == task:
                bound = True
                break
        if bound:
            break
        order[at] = after
        at += 1
    order[at] = task
    return at
