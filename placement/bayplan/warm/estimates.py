"""Having the kernels of plans and estimates compiled before it counts."""

import numpy as np

from bayplan.foresight.estimates.bound import lower_bound
from bayplan.foresight.estimates.durations import exact
from bayplan.foresight.estimates.estimate import estimate
from bayplan.foresight.graph_plans import Nodes, Situation, make_plan
from bayplan.model.graph import Graph, Task
from bayplan.solvers.schedules.annealing import Annealed
from bayplan.solvers.schedules.budget import Budget, Meter
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.problem import GraphProblem
from bayplan.solvers.schedules.uncertain import makespans


def warm_up() -> None:
    """Estimate something small. Seconds, if nothing compiled is on disk."""
    graph = Graph.build([Task("a"), Task("b", ("a",))])
    seconds, none = np.ones((2, 1)), np.full(2, np.nan)
    for free_at in (0.0, 1.0):  # node by node, and on slots
        nodes = Nodes(("n",), ("",), np.zeros(1, np.int64), np.zeros(1, np.int64), np.full(1, free_at))
        there = Situation(graph, seconds, np.ones(1), 1.0, nodes, 0.0, np.zeros(2, bool), np.full(2, -1), none)
        estimate(make_plan(there), exact(seconds, 0.1), none, 0)
    _improve_something()
    lower_bound(graph, np.ones(2), none, np.ones((2, 1)), np.ones(1))


def _improve_something() -> None:
    """Seven tasks alike on two processors: no bound is reached, so that the search has to search."""
    problem = GraphProblem(np.full((7, 2), 1.5), np.array([0]), np.array([1]), np.ones(1), 1.0, fetched=True)
    begin = insertion(problem, problem.topology.order)
    search = Annealed(problem, begin, lots(0))
    search.advance(0.0, Meter(Budget(10)))
    makespans(problem, search.best(), np.zeros(7), np.zeros((1, 7)))
