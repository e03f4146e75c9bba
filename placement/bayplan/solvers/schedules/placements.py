"""Problems as the arrays that kernels read."""

from bayplan.solvers.kernels.scheduling.arrays import Placements
from bayplan.solvers.schedules.problem import GraphProblem


def placements(problem: GraphProblem) -> Placements:
    """Tasks on processors that may differ, with transfers."""
    graph = problem.topology
    return Placements(
        durations=problem.durations,
        parent_start=graph.parents.indptr,
        parents=graph.parents.indices,
        parent_seconds=problem.seconds[graph.parent_edge],
        child_start=graph.children.indptr,
        children=graph.children.indices,
        available=problem.free_from,
        site=problem.site_of,
        fetched=problem.fetched,
    )
