"""What no schedule can beat from where a graph stands now, if every task takes the run time that is given.

An estimate's median is never below the bound of median run times. The end of a draw is at least a weighted sum of run times:
along a chain, or of all work with shares of the capacity as weights. Each run time is a median m times exp(s z) with a
normal z. So the sum is at least M exp(sum of m s z / M), where M is the sum of the medians (inequality of arithmetic and
geometric means), and the median of that is M.
"""

from dataclasses import dataclass

import numpy as np

from bayplan.foresight.estimates.course import LeastCourse, longest_chain, round_seconds
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph
from bayplan.solvers.kernels.scheduling.ranking import chains


@dataclass(frozen=True, slots=True)
class Bound:
    """Seconds from now until the graph can have ended at the earliest."""

    chain: float
    """Of the longest chain of tasks, each on the class of nodes where it is fastest."""
    work: float
    """Of everything that is left, spread over all nodes that could take it."""
    path: tuple[int, ...]
    """The tasks of that chain that are left, first to last."""

    @property
    def seconds(self) -> float:
        """The larger of the two."""
        return max(self.chain, self.work)


def lower_bound(
    graph: Graph,
    least: FloatArray,
    left: FloatArray,
    amounts: FloatArray,
    capacity: FloatArray,
    given: LeastCourse | None = None,
) -> Bound:
    """The longest chain, or the work over the capacity.

    `least`: shape (tasks,), seconds of a unit where it is fastest, 0 where nothing is known; `left`: shape (units,), seconds
    that a unit still needs, 0 for one that has ended, NaN for one that has not started; `amounts`: shape (tasks, resources),
    what a unit holds while it runs; `capacity`: shape (resources,), what all nodes have of it; 0 says nothing; `given`: how the
    tasks follow each other, none: all of them run, each after all before it.
    O(tasks * resources + units + edges).
    """
    of_unit = np.where(np.isnan(left), least[graph.unit_task], left)
    if given is not None:
        return _by_course(graph, least, of_unit, amounts, capacity, given)
    longest = np.maximum.reduceat(of_unit, graph.unit_start[:-1])
    tails = longest + chains(
        graph.topological[::-1].copy(),
        graph.children.indptr,
        graph.children.indices,
        np.zeros(len(graph.children.indices)),
        longest,
    )
    work = _spread(np.add.reduceat(of_unit, graph.unit_start[:-1]) @ amounts, capacity)
    return Bound(float(tails.max()), work, _path(graph, tails, longest))


def _by_course(
    graph: Graph, least: FloatArray, of_unit: FloatArray, amounts: FloatArray, capacity: FloatArray, given: LeastCourse
) -> Bound:
    """What repeats counts as often as it is sure to run: a round begins when the one before it is over."""
    later = given.further * round_seconds(graph, least, given)
    chain, path = longest_chain(graph, given.least(graph, of_unit), given, later)
    again = np.where(given.repeated & given.certain, least * given.minimum, 0.0)
    total = given.work(graph, of_unit) + given.further * again
    return Bound(chain, _spread(total @ amounts, capacity), path)


def _spread(total: FloatArray, capacity: FloatArray) -> float:
    """Seconds that all work takes, by resource over the capacity that there is."""
    counted = capacity > 0
    return float((total[counted] / capacity[counted]).max(initial=0.0))


def _path(graph: Graph, tails: FloatArray, longest: FloatArray) -> tuple[int, ...]:
    """From the longest tail on, always to the child with the longest; without tasks that are over."""
    tail, own = tails.tolist(), longest.tolist()
    starts, children = graph.children.indptr.tolist(), graph.children.indices.tolist()
    path: list[int] = []
    task = int(np.argmax(tails))
    while tail[task] > 0:
        if own[task] > 0:
            path.append(task)
        following = children[starts[task] : starts[task + 1]]
        if not following:
            break
        task = max(following, key=tail.__getitem__)
    return tuple(path)
