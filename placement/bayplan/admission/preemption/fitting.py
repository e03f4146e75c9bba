"""Whether a unit has its places, on the cluster as it is looked at."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.quotas import Asker
from bayplan.model.arrays import BoolArray
from bayplan.model.decision import Decision
from bayplan.strategy.wish import Wish

STEPS = 256
"""How often a planner is asked for one plan, at most."""


class PlaceUnit(Protocol):
    """Has a unit placed by its strategy, and leaves the cluster as it was."""

    def __call__(self, unit: Sequence[Wish]) -> Sequence[Decision]:
        """One decision per request."""
        ...


class Fitting:
    """Of one unit."""

    def __init__(self, unit: Sequence[Wish], cluster: Cluster, place: PlaceUnit) -> None:
        self._unit, self._cluster, self._place, self._left = unit, cluster, place, STEPS
        counts: dict[int, int] = {}
        first: dict[object, int] = {}
        for number, wish in enumerate(unit):
            at = first.setdefault(wish.request.request_class, number)
            counts[at] = counts.get(at, 0) + 1
        self._classes = [
            (
                cluster.demand(unit[at].request.request_class),
                count,
                np.flatnonzero(admission(cluster, unit[at].request.request_class, unit[at].strategy.node_selector).rows),
            )
            for at, count in counts.items()
        ]
        """Per class: what it asks, how many requests are of it, and the rows that admit it."""

    @property
    def rows(self) -> BoolArray:
        """Per row of the cluster: it admits some of the unit."""
        found = np.zeros(self._cluster.rows, bool)
        for _, _, rows in self._classes:
            found[rows] = True
        return found

    def parts(self) -> Iterator[tuple[list[tuple[int, int]], BoolArray]]:
        """Per class: what all of it asks, by column, and per row of the cluster whether it may go there."""
        for demand, count, rows in self._classes:
            found = np.zeros(self._cluster.rows, bool)
            found[rows] = True
            yield [(column, count * amount) for column, amount in demand.pairs], found

    def totals(self) -> list[tuple[int, int]]:
        """What all of them ask: column and amount."""
        found: dict[int, int] = {}
        for pairs, _ in self.parts():
            for column, amount in pairs:
                found[column] = found.get(column, 0) + amount
        return list(found.items())

    def room(self) -> bool:
        """Whether there may be places, as far as sums on each node tell. O(nodes x resources)."""
        free = self._cluster.allocatable - self._cluster.used
        for demand, count, rows in self._classes:
            if demand.impossible:
                return False
            there = np.full(len(rows), count)
            for column, amount in demand.pairs:
                there = np.minimum(there, free[rows, column] // amount)
            if int(np.maximum(there, 0).sum()) < count:
                return False
        return True

    def quota(self) -> bool:
        """Whether the queue may hold all of it, as far as quotas go that count what is on any node."""
        quotas, first = self._cluster.quotas, self._unit[0].request
        short = quotas.short(first.queue, self.totals(), Asker(first.graph, first.request_class))
        return not any(map(quotas.everywhere, short))

    def possible(self) -> bool:
        """Whether there may be places, by sums: where there are some, it is true. No step is spent."""
        return self.quota() and self.room()

    def places(self) -> list[Decision] | None:
        """A place for each; `None`: there is none, or there are no steps left to look for it."""
        if self._left <= 0 or not self.possible():
            return None
        self._left -= 1
        found = list(self._place(self._unit))
        return None if any(each.node is None for each in found) else found
