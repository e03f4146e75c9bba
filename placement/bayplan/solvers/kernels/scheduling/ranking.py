"""Longest chains, and lists by priority."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled_where_it_pays


@compiled_where_it_pays
def chains(order: IntArray, starts: IntArray, others: IntArray, seconds: FloatArray, durations: FloatArray) -> FloatArray:
    """Per task, the longest way on through its `others`, which `order` lists before it; its own duration does not count.

    O(tasks + edges).
    """
    longest = np.zeros(len(durations))
    for task in order:
        for edge in range(starts[task], starts[task + 1]):
            other = others[edge]
            longest[task] = max(longest[task], seconds[edge] + (durations[other] + longest[other]))
    return longest


@compiled_where_it_pays
def optimistic(
    order: IntArray, starts: IntArray, children: IntArray, seconds: FloatArray, durations: FloatArray, site: IntArray
) -> FloatArray:
    """PEFT's table: the maximum over children of the minimum over processors. O(edges x processors).

    `site`: shape (processors,); what is moved within one takes no time.
    """
    table = np.zeros(durations.shape)
    processors = durations.shape[1]
    here = np.empty(processors)
    for task in order:
        for edge in range(starts[task], starts[task + 1]):
            child = children[edge]
            # The cheapest processor for the child, wherever the task runs.
            best = np.inf
            here[:] = np.inf
            for each in range(processors):
                here[site[each]] = min(here[site[each]], table[child, each] + durations[child, each])
            for each in range(processors):
                best = min(best, here[each])
            for each in range(processors):
                cost = min(best + seconds[edge], here[site[each]])
                table[task, each] = max(table[task, each], cost)
    return table


@compiled_where_it_pays
def ready(parent_start: IntArray, child_start: IntArray, children: IntArray, priority: FloatArray) -> IntArray:
    """A list by priority, parents first, of equal ones the lower number. A binary heap: O((tasks + edges) log tasks)."""
    tasks = len(priority)
    missing = np.empty(tasks, np.int64)
    heap = np.empty(tasks, np.int64)
    order = np.empty(tasks, np.int64)
    size = 0
    for task in range(tasks):
        missing[task] = parent_start[task + 1] - parent_start[task]
        if missing[task] == 0:
            size = _push(heap, size, task, priority)
    for place in range(tasks):
        task = heap[0]
        order[place] = task
        size = _pop(heap, size, priority)
        for edge in range(child_start[task], child_start[task + 1]):
            child = children[edge]
            missing[child] -= 1
            if missing[child] == 0:
                size = _push(heap, size, child, priority)
    return order


@compiled_where_it_pays
def _push(heap: IntArray, size: int, task: int, priority: FloatArray) -> int:
    at = size
    while at > 0:
        above = heap[(at - 1) // 2]
        if priority[above] > priority[task] or (priority[above] == priority[task] and above < task):
            break
        heap[at] = above
        at = (at - 1) // 2
    heap[at] = task
    return size + 1


@compiled_where_it_pays
def _pop(heap: IntArray, size: int, priority: FloatArray) -> int:
    size -= 1
    task = heap[size]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        left, right = heap[below], heap[min(below + 1, size - 1)]
        if priority[right] > priority[left] or (priority[right] == priority[left] and right < left):
            below += 1
            left = right
        if priority[task] > priority[left] or (priority[task] == priority[left] and task < left):
            break
        heap[at] = left
        at = below
    heap[at] = task
    return size
