"""Having the kernels of plans and estimates compiled before it counts."""

import numpy as np

from bayplan.foresight.estimates.bound import lower_bound
from bayplan.foresight.estimates.durations import exact
from bayplan.foresight.estimates.estimate import estimate
from bayplan.foresight.graph_plans import Nodes, Situation, make_plan
from bayplan.model.graph import Graph, Task


def warm_up() -> None:
    """Estimate something small. Seconds, if nothing compiled is on disk."""
    graph = Graph.build([Task("a"), Task("b", ("a",))])
    seconds, none = np.ones((2, 1)), np.full(2, np.nan)
    nodes = Nodes(("n",), ("",), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))
    there = Situation(graph, seconds, np.ones(1), 1.0, nodes, 0.0, np.zeros(2, bool), np.full(2, -1), none)
    estimate(make_plan(there), exact(seconds, 0.1), none, 0)
    lower_bound(graph, np.ones(2), none, np.ones((2, 1)), np.ones(1))
