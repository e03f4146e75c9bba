"""What a graph comes to at the least, where its tasks follow each other by gates, may be left out, or repeat."""

from dataclasses import dataclass

import numpy as np

from bayplan.collaboration.rounds import several_of
from bayplan.lifecycle import Flow, Gate
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.graph import Graph


@dataclass(frozen=True, slots=True, eq=False)
class LeastCourse:
    """All of shape (tasks,)."""

    certain: BoolArray
    """It runs, and the graph needs it. Of any other, neither its run time nor its turn counts."""
    minimum: IntArray
    """So many of its units have to succeed."""
    first: BoolArray
    """It starts once the first of the tasks before it is over, not the last."""
    repeated: BoolArray
    """It runs again in each round."""
    further: int = 0
    """So many rounds follow the current one, at least."""

    def least(self, graph: Graph, of_unit: FloatArray) -> FloatArray:
        """Shape (tasks,): seconds until so many units are over as are needed. O(units log units).

        `of_unit`: shape (units,), seconds that each takes.
        """
        longest = np.maximum.reduceat(of_unit, graph.unit_start[:-1])
        for task in np.flatnonzero(self.minimum < np.diff(graph.unit_start)).tolist():
            own = np.sort(of_unit[graph.unit_start[task] : graph.unit_start[task + 1]])
            longest[task] = own[self.minimum[task] - 1] if self.minimum[task] > 0 else 0.0
        return np.where(self.certain, longest, 0.0)

    def work(self, graph: Graph, of_unit: FloatArray) -> FloatArray:
        """Shape (tasks,): seconds of the units that are needed, added up. O(units log units)."""
        total = np.add.reduceat(of_unit, graph.unit_start[:-1])
        for task in np.flatnonzero(self.minimum < np.diff(graph.unit_start)).tolist():
            own = np.sort(of_unit[graph.unit_start[task] : graph.unit_start[task + 1]])
            total[task] = own[: self.minimum[task]].sum()
        return np.where(self.certain, total, 0.0)


def course(graph: Graph, flow: Flow, further: int = 0, clients: int | None = None) -> LeastCourse:
    """By what is known before a graph runs. O(tasks + edges).

    `further`: rounds after the current one, at least; `clients`: so many shards take part in each, drawn by lot; none: all do.

    A task is not certain if it is optional, has a condition or is a backup. Nor is one that follows such a task, unless it runs
    however those before it end.
    """
    certain = ~flow.optional
    certain[[*flow.when, *flow.backed_up_by]] = False
    for task in graph.topological.tolist():
        before = certain[graph.parents.of(task)]
        gate = flow.gate[task]
        if len(before) and gate != Gate.ALWAYS:
            certain[task] &= bool(before.all() if gate == Gate.ALL else before.any())
    repeated = np.zeros(len(graph.tasks), bool) if flow.repeated is None else flow.repeated.tasks
    minimum = flow.minimum.copy()
    drawn = [] if clients is None else several_of(graph, flow)
    minimum[drawn] = np.minimum(minimum[drawn], clients or 0)
    return LeastCourse(certain, minimum, flow.gate == Gate.ANY, repeated, further if repeated.any() else 0)


def sure_rounds(most: int, until: bool, patience: int | None, over: int) -> int:
    """How many rounds are sure to follow the current one.

    `most`: rounds at most; `until`: a condition may end them at any time; `patience`: or that many without progress may;
    `over`: rounds that have begun, the current one included.
    """
    least = 1 if until else most if patience is None else min(most, patience + 1)
    return max(least - over, 0)


def longest_chain(graph: Graph, own: FloatArray, given: LeastCourse, later: float = 0.0) -> tuple[float, tuple[int, ...]]:
    """Seconds of the longest chain of what is certain, and its tasks that take time, first to last. O(tasks + edges).

    `own`: shape (tasks,), seconds of each in the current round, 0 for those that are over or not certain; `later`: seconds of
    the rounds after it. A task that waits for the first of several goes on from the shortest chain; one that follows what
    repeats goes on from the end of the last round.
    """
    repeated = given.repeated
    ends, came_from = [0.0] * len(own), [-1] * len(own)
    behind, last = -1, 0.0

    def end(task: int) -> float:
        return ends[task] if behind < 0 or not repeated[task] else last

    def follow(tasks: list[int]) -> None:
        for task in tasks:
            before = graph.parents.of(task).tolist()
            begin = 0.0
            if before:
                choose = min if given.first[task] or not given.certain[task] else max
                chosen = choose(before, key=end)
                begin = end(chosen)
                came_from[task] = behind if behind >= 0 and repeated[chosen] else chosen
            ends[task] = begin + float(own[task])

    order = graph.topological.tolist()
    follow(order)
    if repeated.any():
        behind = max(np.flatnonzero(repeated).tolist(), key=ends.__getitem__)
        last = ends[behind] + later
        follow([task for task in order if not repeated[task]])
    final = max(range(len(ends)), key=end)
    length, path, task = end(final), [], behind if behind >= 0 and repeated[final] else final
    while task >= 0:
        if own[task] > 0:
            path.append(task)
        task = came_from[task]
    return length, tuple(reversed(path))


def round_seconds(graph: Graph, own: FloatArray, given: LeastCourse) -> float:
    """Of one whole round, the seconds that it takes at least. `own`: shape (tasks,), seconds of each. O(tasks + edges)."""
    alone = np.where(given.repeated & given.certain, own, 0.0)
    return longest_chain(graph, alone, given)[0]
