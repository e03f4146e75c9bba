"""The line where some planners decide many requests at once: to these it is passed on in parts."""

from collections.abc import Hashable, Iterable

import numpy as np

from bayplan.admission.line.contest import ROOT, Contest
from bayplan.admission.line.places import Place
from bayplan.admission.line.units import Unit, units_in_order
from bayplan.admission.queue import Ageing
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import IntArray
from bayplan.strategy.assigning.one_at_a_time import goes_alone
from bayplan.strategy.context import Context
from bayplan.strategy.wish import Wish

PASSES = 8
"""Parts of one round that end by what is free; those after them end where another policy's requests begin."""


class LineInParts:
    """All that wait, in line order. What finds no place stays in line. O(n log n) per round.

    A unit whose planner goes one by one is passed on alone. To another planner go the units of its policy that follow each
    other, until their sum exceeds what is free: what it finds for them together depends on nothing that stands behind them.
    """

    unfinished = False

    def __init__(self, cluster: Cluster, tree: QueueTree, shares: QueueShares) -> None:
        self._cluster, self._shares = cluster, shares
        limits = cluster.quotas.limits
        self._numbers = limits.numbers
        self._ageing: list[Ageing | None] = [*(each.ageing for each in tree.queues.values()), None]
        self._contest = Contest((*limits.parents, ROOT), shares.compared, shares.rank)
        self._wishes: dict[Hashable, tuple[int, Wish]] = {}
        """By id: when it joined, and the wish."""
        self._joined = 0
        self._news = False
        self._lines: dict[int, list[tuple[Place, Unit]]] | None = None
        """In a round of questions: per queue, the units that have not been passed on yet, the first last."""
        self._passed = 0

    def __len__(self) -> int:
        return len(self._wishes)

    def alike(self, wish: Wish) -> Hashable:
        """Each is another."""
        return wish.request.id

    def add(self, wish: Wish) -> None:
        """It joins."""
        self._joined += 1
        self._wishes[wish.request.id] = self._joined, wish
        self._news = True

    def remove(self, wish: Wish) -> bool:
        """It leaves."""
        del self._wishes[wish.request.id]
        return True

    def refused(self, wish: Wish) -> None:
        """It waits on, and its queue has not had what it asks."""
        self._shares.withdrawn(wish.request)

    def freed(self, rows: Iterable[int]) -> None:
        """Something may fit."""
        self._news = True

    def again(self) -> None:
        """Nothing is known."""
        self._news = True

    def moved(self) -> None:
        """Planners that do not go one by one may leave room that they did not see."""
        self._news = True

    def batch(self, context: Context) -> list[Wish]:
        """The next part of the line."""
        if not self._news:
            return []
        if self._lines is None:
            self._begin(context)
        self._passed += 1
        found = self._part()
        if not found:
            self._lines, self._news = None, False
        return found

    def last(self) -> bool:
        """Whether no question follows."""
        return not self._lines or not any(self._lines.values())

    def settled(self) -> None:
        """The answers were told: what was refused may have changed whose turn it is."""
        for number in self._shares.settle():
            self._contest.change(number, self._head(number))

    def done(self) -> None:
        """The next decision begins another round."""
        self._lines = None

    # Inside

    def _begin(self, context: Context) -> None:
        self._passed = 0
        self._shares.step(context.now)
        queues: dict[int, list[tuple[int, Wish]]] = {}
        for joined, wish in self._wishes.values():
            queues.setdefault(self._number(wish), []).append((joined, wish))
        self._lines = {}
        for number, waiting in queues.items():
            line = units_in_order(waiting, self._ageing[number], self._cluster, context)
            line.reverse()
            self._lines[number] = line
        self._contest.begin([(number, line[-1][0]) for number, line in self._lines.items()])

    def _part(self) -> list[Wish]:
        lines, free, found = self._lines or {}, self._free(), list[Wish]()
        while (number := self._contest.first()) != ROOT:
            unit = lines[number][-1][1]
            first = unit[0]
            alone = goes_alone(first)
            if found and (alone or (found[0].policy, found[0].candidate) != (first.policy, first.candidate)):
                break
            lines[number].pop()
            found += unit
            for wish in unit:
                self._shares.admitted(number, wish.request)
                demand = self._cluster.demand(wish.request.request_class)
                free[demand.columns] -= demand.amounts
            self._contest.change(number, self._head(number))
            if alone or (self._passed < PASSES and (free < 0).any()):
                break
        return found

    def _head(self, number: int) -> Place | None:
        line = (self._lines or {}).get(number)
        return line[-1][0] if line else None

    def _number(self, wish: Wish) -> int:
        name = wish.request.queue
        return len(self._numbers) if name is None else self._numbers.get(name, len(self._numbers))

    def _free(self) -> IntArray:
        """Per resource, what all nodes that are ready have left together."""
        cluster = self._cluster
        open_ = cluster.present & cluster.ready & ~cluster.cordoned
        return np.asarray(np.maximum(cluster.allocatable[open_] - cluster.used[open_], 0).sum(axis=0))
