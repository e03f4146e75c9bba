"""What promises and holds keep from other requests: charged to the nodes and quotas while these are asked about."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.keeper import Keeper, Kept, still_to_keep
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import IntArray

K = TypeVar("K", bound=Keeper)
Amounts = dict[tuple[int, int], int]
"""By row of the cluster and column."""


class KeptRoom(Generic[K]):
    """Of a place that is kept: what is asked there, less what will have left it by then, and less what is kept there for
    requests that will have ended by then.

    So much must stay free that the request fits beside all that is let in. What is charged here is taken off again before
    anything is decided about requests that it does not bind.
    """

    def __init__(self, cluster: Cluster, running: Occupancy) -> None:
        self._cluster, self._running = cluster, running
        self._nodes: dict[int, list[tuple[int, Demand, tuple[int, ...]]]] = {}
        """By what is charged: row, amounts, and GPUs."""
        self._quotas: dict[int, list[tuple[int, int]]] = {}
        """By the same: number of a quota row, and amount."""
        self._of: dict[int, K] = {}
        self._left: dict[Hashable, list[tuple[int, int]]] = {}
        """By key of what has to leave, while anything is charged: numbers of quota rows, and what it leaves them."""

    @property
    def charged(self) -> list[K]:
        """Those that are charged now, in the order in which they were."""
        return list(self._of.values())

    def __bool__(self) -> bool:
        return bool(self._of)

    def charge(self, promise: K) -> None:
        """From now on others see what it leaves them. Nothing happens if they do already."""
        key = id(promise)
        if key in self._of:
            return
        self._of[key] = promise
        self._nodes[key] = [*self._on_nodes(promise)]
        self._quotas[key] = [*self._in_quotas(promise)]
        for row, demand, devices in self._nodes[key]:
            self._cluster.apply((row, demand, devices, None), 1)
        for number, amount in self._quotas[key]:
            self._cluster.quotas.rows[number].keep_ahead(promise.queue, amount)

    def lift(self, promises: Iterable[K]) -> None:
        """Others see its places as they are."""
        for promise in promises:
            key = id(promise)
            if self._of.pop(key, None) is None:
                continue
            for row, demand, devices in self._nodes.pop(key):
                self._cluster.apply((row, demand, devices, None), -1)
            for number, amount in self._quotas.pop(key):
                self._cluster.quotas.rows[number].keep_ahead(promise.queue, -amount)
        if not self._of:
            self._left.clear()

    def beside(self, promise: K) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
        """What one that is charged will have beside what is kept for it now: by row and column; by number of a quota row."""
        nodes = {row: dict(asks) for row, asks in promise.asks.items()}
        for row, demand, _ in self._nodes[id(promise)]:
            for column, amount in demand.pairs:
                nodes[row][column] -= amount
        quotas = dict(promise.quotas)
        for number, amount in self._quotas[id(promise)]:
            quotas[number] -= amount
        return nodes, quotas

    @property
    def on_nodes(self) -> dict[int, dict[int, int]]:
        """By row and column, what is kept of it now. O(promises x rows of each)."""
        found: dict[int, dict[int, int]] = {}
        for kept in self._nodes.values():
            for row, demand, _ in kept:
                there = found.setdefault(row, {})
                for column, amount in demand.pairs:
                    there[column] = there.get(column, 0) + amount
        return found

    @contextmanager
    def quotas_lifted(self, queue: int) -> Iterator[None]:
        """In this block a queue, by its number, sees quotas as they are."""
        rows, root = self._cluster.quotas.rows, self._cluster.quotas.root
        tree = root(queue)
        of_tree = ((each.queue, self._quotas[key]) for key, each in self._of.items() if root(each.queue) == tree)
        kept = [(holder, *each) for holder, of_one in of_tree for each in of_one]
        for holder, number, amount in kept:
            rows[number].keep_ahead(holder, -amount)
        try:
            yield
        finally:
            for holder, number, amount in kept:
                rows[number].keep_ahead(holder, amount)

    def lift_all(self) -> None:
        """Nothing is kept any more."""
        self.lift(self.charged)

    # Inside

    def _on_nodes(self, promise: K) -> Iterable[tuple[int, Demand, tuple[int, ...]]]:
        if not promise.asks and not promise.gpus:
            return
        columns = {name: number for number, name in enumerate(self._cluster.resources)}

        def asks(each: K) -> Amounts:
            return {(row, column): amount for row, asked in each.asks.items() for column, amount in asked}

        def left(keys: Collection[Hashable]) -> Amounts:
            found: Amounts = {}
            for slot in self._slots(keys):
                occupant, row = self._running.occupants[slot], int(self._running.row[slot])
                if occupant is not None and row in promise.asks:
                    for name, amount in occupant.resources.items():
                        found[row, columns[name]] = found.get((row, columns[name]), 0) + amount
            return found

        def kept(each: K) -> Amounts:
            of = self._nodes.get(id(each), ())
            return {(row, column): amount for row, demand, _ in of for column, amount in demand.pairs}

        of_nodes: Kept[K, tuple[int, int]] = Kept(asks, lambda each: each.blockers, left, kept)
        found: dict[int, list[tuple[int, int]]] = {}
        for (row, column), amount in still_to_keep(promise, self._side_by_side(promise), of_nodes).items():
            found.setdefault(row, []).append((column, amount))
        for row, pairs in found.items():
            yield row, _demand(pairs), ()
        for row, ask, devices in promise.gpus:
            only = Demand(_NONE, _NONE, gpus=ask)
            if self._cluster.holds(row, only, devices):  # else what has to leave has them still
                yield row, only, devices

    def _in_quotas(self, promise: K) -> Iterable[tuple[int, int]]:
        if not promise.quotas:
            return

        def left(keys: Collection[Hashable]) -> dict[int, int]:
            found = dict.fromkeys(promise.quotas, 0)
            for key in keys:
                for number, amount in self._left.get(key) or self._leaves(key):
                    if number in found:
                        found[number] += amount
            return found

        of_quotas: Kept[K, int] = Kept(
            lambda each: each.quotas, lambda each: each.quota_blockers, left, lambda each: dict(self._quotas.get(id(each), ()))
        )
        yield from still_to_keep(promise, self._side_by_side(promise), of_quotas).items()

    def _leaves(self, key: Hashable) -> list[tuple[int, int]]:
        """What an occupant leaves the quota rows that count it, if it is still there."""
        quotas, slot = self._cluster.quotas, self._running.slot(key)
        occupant = self._running.occupants[slot] if slot >= 0 else None
        counting = () if occupant is None else quotas.covering(int(self._running.row[slot]))
        resources = {} if occupant is None else occupant.resources
        found = self._left[key] = [(number, quotas.rows[number].limits.key.amount(resources)) for number in counting]
        return found

    def _side_by_side(self, promise: K) -> list[K]:
        """Of those that are charged, the ones that wait for some of the same and will run beside this one."""
        blockers = set(promise.blockers)
        before = {id(each) for each in promise.after}
        return [
            each
            for key, each in self._of.items()
            if each is not promise and key not in before and not blockers.isdisjoint(each.blockers)
        ]

    def _slots(self, blockers: Collection[Hashable]) -> list[int]:
        """Of those that are still there."""
        return [slot for key in blockers if (slot := self._running.slot(key)) >= 0]


_NONE: IntArray = np.zeros(0, np.int64)


def _demand(pairs: list[tuple[int, int]]) -> Demand:
    columns: IntArray = np.array([column for column, _ in pairs], np.int64)
    amounts: IntArray = np.array([amount for _, amount in pairs], np.int64)
    return Demand(columns, amounts, pairs=tuple(pairs))
