"""Problems of identical processors and of shared resources as the arrays that kernels read."""

import numpy as np

from bench.scheduling.kernels.arrays import Activities
from bench.scheduling.problem import ResourceProblem, SchedulingProblem


def activities(problem: SchedulingProblem) -> Activities:
    """Tasks under shared resources; identical processors are one resource of which each task takes one unit.

    Raises `ValueError` for a graph whose processors differ.
    """
    graph = problem.topology
    if isinstance(problem, ResourceProblem):
        durations, blocked = problem.durations, np.zeros(0)
        demands, capacities = problem.demands, problem.capacities
    else:
        if not problem.identical:
            raise ValueError("durations differ between processors, or bytes are moved: this needs identical processors")
        durations, blocked = np.ascontiguousarray(problem.durations[:, 0]), problem.free_from
        demands, capacities = np.ones((problem.tasks, 1), np.int64), np.array([problem.processors])
    return Activities(
        durations=durations,
        demands=demands,
        capacities=capacities,
        parent_start=graph.parents.indptr,
        parents=graph.parents.indices,
        child_start=graph.children.indptr,
        children=graph.children.indices,
        blocked=blocked,
    )
