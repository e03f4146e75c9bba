"""What promises keep from requests behind them: charged to the nodes and quotas while these are asked about."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.promise import Promise
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import IntArray


class KeptRoom:
    """Of a place that is promised: what is asked there, less what will have left it by the promised instant.

    So much must stay free that the promised request fits beside all that is let in. What is charged here is taken off again
    before anything is decided about requests that the promise does not bind.
    """

    def __init__(self, cluster: Cluster, running: Occupancy) -> None:
        self._cluster, self._running = cluster, running
        self._nodes: dict[int, list[tuple[int, Demand]]] = {}
        """By promise that is charged: row and amounts."""
        self._quotas: dict[int, list[tuple[int, int]]] = {}
        """By the same: number of a quota row, and amount."""
        self._of: dict[int, Promise] = {}

    @property
    def promises(self) -> list[Promise]:
        """Those that are charged now, in the order in which they were."""
        return list(self._of.values())

    def __bool__(self) -> bool:
        return bool(self._of)

    def charge(self, promise: Promise) -> None:
        """From now on others see what it leaves them. Nothing happens if they do already."""
        key = id(promise)
        if key in self._of:
            return
        self._of[key] = promise
        self._nodes[key] = [*self._on_nodes(promise)]
        self._quotas[key] = [*self._in_quotas(promise)]
        for row, demand in self._nodes[key]:
            self._cluster.apply((row, demand, (), None), 1)
        for number, amount in self._quotas[key]:
            self._cluster.quotas.rows[number].charge(promise.queue, amount)

    def lift(self, promises: Iterable[Promise]) -> None:
        """Others see its places as they are."""
        for promise in promises:
            key = id(promise)
            if self._of.pop(key, None) is None:
                continue
            for row, demand in self._nodes.pop(key):
                self._cluster.apply((row, demand, (), None), -1)
            for number, amount in self._quotas.pop(key):
                self._cluster.quotas.rows[number].charge(promise.queue, -amount)

    @property
    def on_nodes(self) -> dict[int, dict[int, int]]:
        """By row and column, what is kept of it now. O(promises x rows of each)."""
        found: dict[int, dict[int, int]] = {}
        for kept in self._nodes.values():
            for row, demand in kept:
                there = found.setdefault(row, {})
                for column, amount in demand.pairs:
                    there[column] = there.get(column, 0) + amount
        return found

    @contextmanager
    def quotas_lifted(self) -> Iterator[None]:
        """In this block others see quotas as they are."""
        kept = [(self._of[key].queue, *each) for key, of_one in self._quotas.items() for each in of_one]
        rows = self._cluster.quotas.rows
        for queue, number, amount in kept:
            rows[number].charge(queue, -amount)
        try:
            yield
        finally:
            for queue, number, amount in kept:
                rows[number].charge(queue, amount)

    def lift_all(self) -> None:
        """Nothing is kept any more."""
        self.lift(self.promises)

    # Inside

    def _on_nodes(self, promise: Promise) -> Iterable[tuple[int, Demand]]:
        leaving: dict[int, dict[int, int]] = {}
        columns = {name: number for number, name in enumerate(self._cluster.resources)}
        for slot in self._slots(promise):
            occupant, row = self._running.occupants[slot], int(self._running.row[slot])
            if occupant is not None and row in promise.asks:
                there = leaving.setdefault(row, {})
                for name, amount in occupant.resources.items():
                    there[columns[name]] = there.get(columns[name], 0) + amount
        for row, asks in promise.asks.items():
            there = leaving.get(row, {})
            kept = [(column, amount - there.get(column, 0)) for column, amount in asks if amount > there.get(column, 0)]
            if kept:
                yield row, _demand(kept)

    def _in_quotas(self, promise: Promise) -> Iterable[tuple[int, int]]:
        quotas = self._cluster.quotas
        for number, asked in promise.quotas.items():
            key = quotas.rows[number].limits.key
            for slot in self._slots(promise):
                occupant = self._running.occupants[slot]
                if occupant is not None and number in quotas.covering(int(self._running.row[slot])):
                    asked -= key.amount(occupant.resources)
            if asked > 0:
                yield number, asked

    def _slots(self, promise: Promise) -> list[int]:
        """Of the blockers that are still there."""
        return [slot for key in promise.blockers if (slot := self._running.slot(key)) >= 0]


def _demand(pairs: list[tuple[int, int]]) -> Demand:
    columns: IntArray = np.array([column for column, _ in pairs], np.int64)
    amounts: IntArray = np.array([amount for _, amount in pairs], np.int64)
    return Demand(columns, amounts, pairs=tuple(pairs))
