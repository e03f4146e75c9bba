"""What becomes of a schedule when run times turn out otherwise."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bayplan.solvers.kernels.scheduling.arrays import Placements


@compiled
def realise(work: Placements, order: IntArray, processor: IntArray, factors: FloatArray, makespans: FloatArray) -> None:
    """Run tasks in an order on their processors, each as soon as it can: once for each row of factors of their run times.

    `order`, `processor`: shape (tasks,), parents before children; `factors`: shape (times, tasks), of the run time without what
    is fetched; `makespans`: shape (times,), seconds, written. O(times x (tasks + edges)).
    """
    finish, free = np.empty(len(order)), np.empty(work.durations.shape[1])
    for time in range(len(factors)):
        free[:] = work.available
        makespan = 0.0
        for task in order:
            here = processor[task]
            start, fetching = 0.0, 0.0
            for edge in range(work.parent_start[task], work.parent_start[task + 1]):
                parent = work.parents[edge]
                moved = 0.0 if work.site[processor[parent]] == work.site[here] else work.parent_seconds[edge]
                if work.fetched:
                    fetching = max(fetching, moved)
                    moved = 0.0
                start = max(start, finish[parent] + moved)
            duration = work.durations[task, here] * factors[time, task] + fetching
            if duration > 0.0:
                start = max(start, free[here])
                free[here] = start + duration
            finish[task] = start + duration
            makespan = max(makespan, finish[task])
        makespans[time] = makespan
