"""The critical path on one processor."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import heads, list_by, mean_durations, upward_rank
from bench.scheduling.bounds import lower_bound
from bench.scheduling.planner import ScheduleSolution, finished

_ALIKE = 1e-9


@dataclass(frozen=True, slots=True)
class Cpop:
    """All tasks of a critical path go to the processor that runs them fastest, the others to where they end first.

    CPOP: Topcuoglu, Hariri & Wu 2002. Priority is upward + downward rank. The budget and the seed do not matter.
    O(edges + tasks x (processors + tasks)).
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """One schedule."""
        return finished(cpop(problem), lower_bound(problem), Meter(budget, used=1))


def cpop(problem: GraphProblem) -> Schedule:
    """CPOP's schedule."""
    rank = upward_rank(problem) + heads(problem, mean_durations(problem), problem.seconds)
    path = critical_path(problem, rank)
    total = problem.durations[path].sum(axis=0)
    settled = np.full(problem.tasks, -1, np.int64)
    if np.isfinite(total).any():
        settled[path] = total.argmin()
    return insertion(problem, list_by(problem, rank), settled)


def critical_path(problem: GraphProblem, rank: FloatArray) -> IntArray:
    """Tasks from one without parents to one without children whose upward + downward rank is the greatest. O(tasks + edges)."""
    graph = problem.topology
    enough = float(rank.max()) * (1 - _ALIKE)
    entries = np.flatnonzero(np.diff(graph.parents.indptr) == 0)
    path = [int(entries[np.argmax(rank[entries])])]
    while True:
        children = graph.children.of(path[-1])
        on_path = children[rank[children] >= enough]
        if len(on_path) == 0:
            return np.array(path, np.int64)
        path.append(int(on_path[0]))
