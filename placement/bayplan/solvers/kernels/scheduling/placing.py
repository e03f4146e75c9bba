"""Schedules from lists of tasks on processors that differ, with transfers between them."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled_where_it_pays
from bayplan.solvers.kernels.scheduling.arrays import Placements


@compiled_where_it_pays
def arrivals(
    work: Placements, task: int, processor: IntArray, finish: FloatArray, here: FloatArray
) -> tuple[float, int, float, float]:
    """When what a task needs is there. Writes into `here`, per site, the last end of its parents there (0: none).

    Answers the latest arrival from any site, that site, the latest arrival from all others, and the last end of a parent.
    Where bytes are fetched, seconds of fetching stand in place of arrivals. O(parents).
    The caller clears `here` at the parents' sites.
    """
    latest, source, second, ended = 0.0, -1, 0.0, 0.0
    for edge in range(work.parent_start[task], work.parent_start[task + 1]):
        parent = work.parents[edge]
        at = work.site[processor[parent]]
        here[at] = max(here[at], finish[parent])
        ended = max(ended, finish[parent])
        arrival = work.parent_seconds[edge]
        if not work.fetched:
            arrival += finish[parent]
        if at == source:
            latest = max(latest, arrival)
        elif arrival > latest or source < 0:
            latest, source, second = arrival, at, latest
        else:
            second = max(second, arrival)
    return latest, source, second, ended


@compiled_where_it_pays
def place(
    work: Placements,
    order: IntArray,
    fixed: IntArray,
    bias: FloatArray,
    plan: tuple[IntArray, FloatArray, FloatArray, IntArray],
) -> float:
    """Insert each task of a precedence-feasible list into the earliest gap that holds it; answers the makespan.

    On the processor that `fixed` (tasks,) names, or, where that is -1, on the one with the least end + `bias`
    (tasks or 1, processors), the first of equals: the insertion policy of HEFT (Topcuoglu, Hariri & Wu 2002). What takes
    no time needs no processor to be free.
    `plan`, all of shape (tasks,), is written: processor, start, finish, and the task that runs just before there (-1: none).
    O(edges + tasks x tasks) where all is fixed, otherwise O(edges + tasks x (processors + tasks)).
    """
    processor, start, finish, before = plan
    tasks, processors = work.durations.shape
    first = np.full(processors, -1, np.int64)
    last = np.full(processors, -1, np.int64)
    after = np.full(tasks, -1, np.int64)
    here = np.zeros(processors)
    makespan = 0.0
    for task in order:
        latest, source, second, ended = arrivals(work, task, processor, finish, here)
        low, high = (fixed[task], fixed[task] + 1) if fixed[task] >= 0 else (0, processors)
        row = task if len(bias) > 1 else 0
        best, best_start, best_end, best_before, best_value = -1, 0.0, 0.0, -1, np.inf
        for each in range(low, high):
            duration = work.durations[task, each]
            if duration == np.inf:
                continue
            at = work.site[each]
            moved = second if at == source else latest
            if work.fetched:
                ready = ended
                duration += moved
            else:
                ready = max(here[at], moved)
            if duration > 0.0:
                ready = max(ready, work.available[each])
            begin, previous = ready, last[each]
            if duration == 0.0:
                previous = -1
            elif previous >= 0 and start[previous] >= ready:
                # It may fit before something that is there already.
                previous, following = -1, first[each]
                while following >= 0 and begin + duration > start[following]:
                    begin = max(begin, finish[following])
                    previous, following = following, after[following]
            elif previous >= 0:
                begin = max(begin, finish[previous])
            value = begin + duration + bias[row, each]
            if best < 0 or value < best_value:
                best, best_start, best_end, best_before, best_value = each, begin, begin + duration, previous, value
        for edge in range(work.parent_start[task], work.parent_start[task + 1]):
            here[work.site[processor[work.parents[edge]]]] = 0.0
        processor[task] = best
        start[task] = best_start
        finish[task] = best_end
        makespan = max(makespan, finish[task])
        before[task] = best_before
        if finish[task] == best_start:
            continue  # it takes no time, and so no other task's place
        following = first[best] if best_before < 0 else after[best_before]
        after[task] = following
        if best_before < 0:
            first[best] = task
        else:
            after[best_before] = task
        if following < 0:
            last[best] = task
        else:
            before[following] = task
    return makespan
