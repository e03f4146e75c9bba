"""Exact schedules on identical processors."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.schedules.budget import Budget, Meter, at_once, enough
from bayplan.solvers.schedules.problem import GraphProblem
from bench.scheduling.activities import activities
from bench.scheduling.bounds import lower_bound, quantum
from bench.scheduling.identical import on_processors
from bench.scheduling.kernels.arrays import Activities
from bench.scheduling.kernels.branching import Search, branch
from bench.scheduling.list_scheduling import best_list
from bench.scheduling.planner import ScheduleSolution, finished

STATES = 64
"""States that count as one step."""
_MEMORY = 1 << 24


def pace(problem: GraphProblem) -> int:
    """Steps that take a few milliseconds."""
    return max(1, 3_000 // problem.tasks)


class Tree:
    """A search tree that is looked at in slices. With `backward` that of the graph with its edges turned round."""

    def __init__(self, problem: GraphProblem, starts: FloatArray, *, backward: bool) -> None:
        """`starts`: a schedule to beat, shape (tasks,). Raises `ValueError` unless processors are identical.

        Turned round, all processors must be free at once.
        """
        forward = activities(problem)
        self._backward = backward
        self._work = _turned(forward) if backward else forward
        self._quantum = quantum(problem)
        order = problem.topology.order[::-1] if backward else problem.topology.order
        self._search = _new_search(self._work, order.copy(), problem.processors)
        self.improve(starts)

    @property
    def over(self) -> bool:
        """Everything has been looked at: what is known is optimal."""
        return bool(self._search.depth[0] < 0)

    @property
    def makespan(self) -> float:
        """Of the best schedule known."""
        return float(self._search.best[0])

    @property
    def starts(self) -> FloatArray:
        """Of the best schedule known, shape (tasks,)."""
        starts = self._search.best[1:].copy()
        return self._mirrored(starts) if self._backward else starts

    def improve(self, starts: FloatArray) -> None:
        """Tell the search of a better schedule."""
        makespan = float((starts + self._work.durations).max())
        self._search.best[0] = makespan
        self._search.best[1:] = self._mirrored(starts) if self._backward else starts

    def look(self, steps: int, meter: Meter) -> bool:
        """Look at up to so many times 64 states more, as far as the budget goes; false if it does not go any further."""
        left = steps
        while left > 0 and not self.over:
            portion = meter.slice(at_once(left))
            if portion <= 0:
                return False
            looked = branch(self._work, self._search, self._quantum, portion * STATES)
            meter.used += -(-looked // STATES)
            left -= portion
        return True

    def _mirrored(self, starts: FloatArray) -> FloatArray:
        ends = starts + self._work.durations
        return np.asarray(ends.max() - ends)


@dataclass(frozen=True, slots=True)
class BranchAndBound:
    """Depth-first search from the best list schedule on: optimal if its budget is large enough, never worse than that.

    For identical processors without transfers. States are bounded by chains and by energy, and dropped where an earlier one
    with the same tasks done was nowhere later (dominance; Kasahara & Narita 1984 search the same tree, DF/IHS). The tree of
    the graph and that of the turned graph are looked at in turns. Exponential in the number of tasks at worst.
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """Raises `ValueError` unless processors are identical. `seed` does not matter."""
        starts, passes = best_list(problem)
        bound = lower_bound(problem)
        makespan = float((starts + problem.durations[:, 0]).max())
        meter = Meter(budget)
        meter.used = passes
        goal = enough(bound)
        proved = makespan <= goal
        if not proved:
            trees = [Tree(problem, starts, backward=False)]
            if not problem.free_from.any():
                trees.append(Tree(problem, starts, backward=True))
            goes_on = True
            while goes_on and not proved:
                for tree in trees:
                    if tree.makespan > makespan:
                        tree.improve(starts)
                    goes_on = tree.look(pace(problem), meter)
                    if tree.makespan < makespan:
                        makespan, starts = tree.makespan, tree.starts
                    proved = tree.over or makespan <= goal
                    if proved or not goes_on:
                        break
        return finished(on_processors(problem, starts), bound, meter, proved=proved)


def _turned(work: Activities) -> Activities:
    return work._replace(
        parent_start=work.child_start, parents=work.children, child_start=work.parent_start, children=work.parents
    )


def _new_search(work: Activities, order: IntArray, processors: int) -> Search:
    tasks = len(order)
    tail = np.zeros(tasks)
    for task in order[::-1].tolist():
        below = work.children[work.child_start[task] : work.child_start[task + 1]]
        tail[task] = work.durations[task] + (tail[below].max() if len(below) else 0.0)
    by_tail = order[np.argsort(-tail[order], kind="stable")]
    rank = np.empty(tasks, np.int64)
    rank[by_tail] = np.arange(tasks)
    after = tail - work.durations
    # Any numbers will do as keys of more tasks than a word has bits; up to that they are exact.
    keys = np.random.default_rng(tasks).integers(1, 2**62, (tasks, 2))
    if tasks <= 62:
        keys[:, 0] = 1 << np.arange(tasks)
    slots = max(1 << 10, min(1 << 18, _MEMORY // (24 * processors)))
    since = np.zeros((tasks, 2), np.int64)
    since[:, 0] = np.diff(work.parent_start)
    cursor = np.zeros((tasks + 1, 2), np.int64)
    cursor[0, 1] = -1
    free = np.zeros((tasks + 1, processors))
    if len(work.blocked):
        free[0] = np.sort(work.blocked)
    return Search(
        tail=tail,
        by_tail=by_tail,
        rank=rank,
        by_due=np.argsort(-after, kind="stable"),
        keys=keys,
        free=free,
        earliest=np.zeros((tasks + 1, tasks)),
        candidates=np.zeros((tasks + 1, tasks), np.int64),
        cursor=cursor,
        chosen=np.zeros((tasks + 1, 2), np.int64),
        start=np.zeros(tasks),
        done=np.zeros(tasks, np.bool_),
        since=since,
        depth=np.zeros(2, np.int64),
        hashes=np.zeros((tasks + 1, 2), np.int64),
        seen=np.zeros(slots, np.int64),
        seen_free=np.zeros((slots, processors)),
        seen_task=np.zeros((slots, processors), np.int64),
        seen_end=np.zeros((slots, processors)),
        best=np.zeros(tasks + 1),
    )
