"""What no schedule can beat from where a graph stands now, if every task takes the run time that is given.

An estimate's median is never below the bound of median run times. The end of a draw is at least a weighted sum of run times:
along a chain, or of all work with shares of the capacity as weights. Each run time is a median m times exp(s z) with a
normal z. So the sum is at least M exp(sum of m s z / M), where M is the sum of the medians (inequality of arithmetic and
geometric means), and the median of that is M.
"""

from dataclasses import dataclass

import numpy as np

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


def lower_bound(graph: Graph, least: FloatArray, left: FloatArray, amounts: FloatArray, capacity: FloatArray) -> Bound:
    """The longest chain, or the work over the capacity.

    `least`: shape (tasks,), seconds of a unit where it is fastest, 0 where nothing is known; `left`: shape (units,), seconds
    that a unit still needs, 0 for one that has ended, NaN for one that has not started; `amounts`: shape (tasks, resources),
    what a unit holds while it runs; `capacity`: shape (resources,), what all nodes have of it; 0 says nothing.
    O(tasks * resources + units + edges).
    """
    of_unit = np.where(np.isnan(left), least[graph.unit_task], left)
    longest = np.maximum.reduceat(of_unit, graph.unit_start[:-1])
    tails = longest + chains(
        graph.topological[::-1].copy(),
        graph.children.indptr,
        graph.children.indices,
        np.zeros(len(graph.children.indices)),
        longest,
    )
    total = np.add.reduceat(of_unit, graph.unit_start[:-1]) @ amounts
    counted = capacity > 0
    work = float((total[counted] / capacity[counted]).max(initial=0.0))
    return Bound(float(tails.max()), work, _path(graph, tails, longest))


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
