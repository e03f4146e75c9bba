"""How many shards pay off for the tasks of one graph, which compete for places and wait for each other."""

from collections.abc import Sequence

import numpy as np

from bayplan.foresight.shards.advice import EFFICIENCY, TOLERANCE, Advice
from bayplan.foresight.shards.curves import Curves
from bayplan.foresight.shards.places import Places
from bayplan.foresight.shards.splitting import Splitting
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph import Graph

_HALVINGS = 30


def decide(
    graph: Graph, splittings: Sequence[Splitting | None], places: Sequence[Places], tolerance: float = TOLERANCE
) -> list[Advice | None]:
    """Per task what is advised; `None` where nothing is to be decided: it has the graph's shards and durations.

    First each task by itself, as `advise` has it. Then a target T for the whole graph: no less than the longest chain with
    these times, and the least in which the places that tasks share can do all their work. That is the balance of critical
    path and area by which Radulescu & van Gemund 2001 (CPA) allot processors. What is faster than T needs is given back:
    each task is allowed its share of the time by which the longest chain through it falls short of T, in proportion to its
    part of what can be divided in a chain, and has the smallest number of shards that keeps to that. However many tasks of
    a chain do so, the chain stays within T.
    O(tasks + edges + numbers * (speeds^2 * log(most waves) + halvings)). Raises `ValueError` for lists of the wrong length.
    """
    if not len(graph.tasks) == len(splittings) == len(places):
        raise ValueError(
            f"{len(splittings)} splittings and {len(places)} places for {len(graph.tasks)} tasks: one each is needed"
        )
    balance = _Balance(graph, splittings, places, tolerance)
    chosen = balance.rows()
    curves, shortest = balance.curves, balance.curves.shortest()
    return [
        None
        if each is None
        else Advice(
            each,
            places[task],
            int(curves.shards[chosen[task]]),
            float(curves.seconds[chosen[task]]),
            int(curves.shards[balance.fast[task]]),
            float(shortest[task]),
            balance.whole[task].most,
            tolerance,
        )
        for task, each in enumerate(splittings)
    ]


class _Balance:
    """Between the longest chain and all the work."""

    def __init__(
        self, graph: Graph, splittings: Sequence[Splitting | None], places: Sequence[Places], tolerance: float
    ) -> None:
        given = zip(splittings, graph.tasks, strict=True)
        self.whole = [
            each.worthwhile(EFFICIENCY) if each else Splitting.fixed(task.shards, task.duration) for each, task in given
        ]
        self.curves = Curves.of(self.whole, places)
        self.fast = self.curves.first_within(self.curves.shortest() * (1 + tolerance))
        self._alone = self.curves.seconds[self.fast]
        self._through = longest_through(graph, self._alone)
        free = np.array([each is not None for each in splittings])
        divisible = longest_through(graph, np.where(free, self._alone, 0.0))
        self._part = np.where(free, self._alone / np.where(free, divisible, 1.0), 0.0)
        numbers: dict[object, int] = {}
        self._group = np.array([numbers.setdefault(each.shared, len(numbers)) for each in places], np.int64)

    def rows(self) -> IntArray:
        """Per task, the row of its curve that is taken. By bisection for the target."""
        low = float(self._through.max())
        if self._work(self._within(low)) <= low:
            return self._within(low)
        high = max(low, self._work(self.fast))  # more than enough: the work shrinks as the target grows
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._work(self._within(middle)) <= middle else (middle, high)
        return self._within(high)

    def _within(self, target: float) -> IntArray:
        allowed = self._alone + (target - self._through) * self._part
        return np.minimum(self.fast, self.curves.first_within(allowed))

    def _work(self, rows: IntArray) -> float:
        """Seconds that the places are busy at least, the busiest group of them that tasks share."""
        pace = (self.curves.slots[rows] / self.curves.unit[rows]).sum(axis=1)
        return float(np.bincount(self._group, self.curves.shards[rows] / pace).max())


def longest_through(graph: Graph, seconds: FloatArray) -> FloatArray:
    """Per task, seconds of the longest chain that it is part of; `seconds`: of each task. O(tasks + edges)."""
    own = seconds.tolist()
    before = [0.0] * len(own)
    starts, parents = graph.parents.indptr.tolist(), graph.parents.indices.tolist()
    for task in graph.topological.tolist():
        before[task] = max((before[each] + own[each] for each in parents[starts[task] : starts[task + 1]]), default=0.0)
    return np.asarray(np.array(before) + graph.upward_rank(seconds), np.float64)
