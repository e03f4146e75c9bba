"""Schedules from activity lists under shared resources."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.compiled import compiled
from bench.scheduling.kernels.arrays import Activities


@compiled
def serial(work: Activities, order: IntArray, backward: bool, starts: FloatArray) -> float:
    """Place each task of a precedence-feasible list as early as it fits; writes `starts`, answers the makespan.

    Serial schedule generation scheme (Kelley 1963). `backward`: the graph with its edges turned round. The use of
    the resources over time is a step function. O(tasks^2 x resources), fewer where the steps are few.
    """
    tasks, kinds = work.demands.shape
    room = 2 * tasks + len(work.blocked) + 2
    times = np.empty(room)
    left = np.empty((room, kinds), np.int64)
    times[0] = 0.0
    left[0] = work.capacities
    steps = 1
    if not backward:
        for until in work.blocked:
            if until > 0.0:
                at = 0
                while at < steps and times[at] < until:
                    at += 1
                if at == steps or times[at] != until:
                    for step in range(steps, at, -1):
                        times[step] = times[step - 1]
                        left[step] = left[step - 1]
                    times[at] = until
                    left[at] = left[at - 1]
                    steps += 1
                for step in range(at):
                    left[step, 0] -= 1
    makespan = 0.0
    for task in order:
        ready = 0.0
        if backward:
            for edge in range(work.child_start[task], work.child_start[task + 1]):
                before = work.children[edge]
                ready = max(ready, starts[before] + work.durations[before])
        else:
            for edge in range(work.parent_start[task], work.parent_start[task + 1]):
                before = work.parents[edge]
                ready = max(ready, starts[before] + work.durations[before])
        duration = work.durations[task]
        if duration == 0.0:
            starts[task] = ready
            makespan = max(makespan, ready)
            continue
        low, high = 0, steps
        while high - low > 1:
            middle = (low + high) // 2
            if times[middle] <= ready:
                low = middle
            else:
                high = middle
        first, step = low, low
        start = ready
        end = ready + duration
        while True:
            fits = True
            for kind in range(kinds):
                if left[step, kind] < work.demands[task, kind]:
                    fits = False
                    break
            step += 1
            if not fits:
                first = step
                start = times[step]
                end = start + duration
            elif step == steps or times[step] >= end:
                break
        starts[task] = start
        makespan = max(makespan, end)
        # The step function gets a corner at start and at end, unless it has them.
        if times[first] != start:
            for other in range(steps, first + 1, -1):
                times[other] = times[other - 1]
                for kind in range(kinds):
                    left[other, kind] = left[other - 1, kind]
            first += 1
            step += 1
            times[first] = start
            for kind in range(kinds):
                left[first, kind] = left[first - 1, kind]
            steps += 1
        if step == steps or times[step] != end:
            for other in range(steps, step, -1):
                times[other] = times[other - 1]
                for kind in range(kinds):
                    left[other, kind] = left[other - 1, kind]
            times[step] = end
            for kind in range(kinds):
                left[step, kind] = left[step - 1, kind]
            steps += 1
        for other in range(first, step):
            for kind in range(kinds):
                left[other, kind] -= work.demands[task, kind]
    return makespan


@compiled
def by_latest_end(work: Activities, order: IntArray, starts: FloatArray, turned: IntArray) -> None:
    """Write into `turned` the tasks by falling end; of equal ones the last of `order` first.

    Where `order` suits the graph, `turned` suits the graph with its edges turned round. O(tasks^2), nearly sorted O(tasks).
    """
    tasks = len(order)
    for place in range(tasks):
        task = order[tasks - 1 - place]
        end = starts[task] + work.durations[task]
        at = place
        while at > 0:
            before = turned[at - 1]
            if starts[before] + work.durations[before] >= end:
                break
            turned[at] = before
            at -= 1
        turned[at] = task


@compiled
def justify(work: Activities, order: IntArray, starts: FloatArray) -> float:
    """Shift all tasks right, then left; changes `order` and `starts` to those of the new schedule, answers its makespan.

    Forward-backward improvement (Li & Willis 1992), double justification (Valls, Ballestin & Quintanilla 2005).
    Never longer than before where nothing is blocked. Two passes of the generation scheme: O(tasks^2 x resources).
    """
    turned = np.empty_like(order)
    by_latest_end(work, order, starts, turned)
    serial(work, turned, True, starts)
    by_latest_end(work, turned, starts, order)
    return serial(work, order, False, starts)
