"""Having the kernels of scheduling compiled before it counts."""

import numpy as np

from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem
from bench.scheduling import GRAPH_PLANNERS, AntColony, Genetic, ResourceProblem

# Seven tasks alike on two processors: no bound is reached, so that every search has to search.
_SECONDS = np.full((7, 1), 1.5)
_PARENTS, _CHILDREN = np.array([0]), np.array([1])


def warm_up() -> None:
    """Plan something small with every planner. Up to a minute if nothing compiled is on disk, otherwise a second."""
    alike = GraphProblem(np.repeat(_SECONDS, 2, axis=1), _PARENTS, _CHILDREN)
    apart = GraphProblem(_SECONDS * [1.0, 2.0], _PARENTS, _CHILDREN, np.ones(1), 1.0)
    shared = ResourceProblem(_SECONDS[:, 0], np.ones((7, 2), np.int64), np.array([2, 3]), _PARENTS, _CHILDREN)
    budget = Budget(400)
    for name, planner in GRAPH_PLANNERS.items():
        planner(alike, budget, 0)
        if name != "BranchAndBound":
            planner(apart, budget, 0)
    Genetic()(shared, budget, 0)
    AntColony()(shared, budget, 0)
