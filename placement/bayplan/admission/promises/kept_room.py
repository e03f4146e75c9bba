"""What promises and holds keep from other requests: charged to the nodes and quotas while these are asked about."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, NamedTuple

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.keeper import K, Kept, still_to_keep
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import IntArray

Amounts = dict[tuple[int, int], int]
"""By row of the cluster and column."""


class Room(NamedTuple):
    """What is kept for one."""

    nodes: Sequence[tuple[int, Demand, tuple[int, ...]]]
    """Row of the cluster, amounts, and GPUs."""
    quotas: Sequence[tuple[int, int]]
    """Number of a quota row, and amount."""


_NO_ROOM = Room((), ())


class KeptRoom(Generic[K]):
    """Of a place that is kept: what is asked there, less what will have left it by then, and less what is kept there for
    requests that will have ended by then.

    So much must stay free that the request fits beside all that is let in. What is charged here is taken off again before
    anything is decided about requests that it does not bind.
    """

    def __init__(self, cluster: Cluster, running: Occupancy) -> None:
        self._cluster, self._running = cluster, running
        self._room: dict[int, Room] = {}
        """By what is charged."""
        self._lifted: dict[int, tuple[K, Room]] = {}
        """Of what was lifted and may be charged again, while anything is charged."""
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
        _, known = self._lifted.pop(key, (None, None))
        room = known or Room([*self._on_nodes(promise)], [*self._in_quotas(promise)])
        self._of[key], self._room[key] = promise, room
        self._apply(promise, room, 1)

    def lift(self, promises: Iterable[K]) -> None:
        """Others see its places as they are."""
        for promise in promises:
            key = id(promise)
            if self._of.pop(key, None) is None:
                continue
            room = self._room.pop(key)
            self._lifted[key] = promise, room
            self._apply(promise, room, -1)
        if not self._of:
            self._left.clear()
            self._lifted.clear()

    def beside(self, promise: K) -> tuple[dict[int, dict[int, int]], dict[int, int]]:
        """What one that is charged will have beside what is kept for it now: by row and column; by number of a quota row."""
        nodes = {row: dict(asks) for row, asks in promise.asks.items()}
        for row, demand, _ in self._room[id(promise)].nodes:
            for column, amount in demand.pairs:
                nodes[row][column] -= amount
        quotas = dict(promise.quotas)
        for number, amount in self._room[id(promise)].quotas:
            quotas[number] -= amount
        return nodes, quotas

    @property
    def on_nodes(self) -> dict[int, dict[int, int]]:
        """By row and column, what is kept of it now. O(promises x rows of each)."""
        found: dict[int, dict[int, int]] = {}
        for room in self._room.values():
            for row, demand, _ in room.nodes:
                there = found.setdefault(row, {})
                for column, amount in demand.pairs:
                    there[column] = there.get(column, 0) + amount
        return found

    @contextmanager
    def quotas_lifted(self, queue: int) -> Iterator[None]:
        """In this block a queue, by its number, sees quotas as they are."""
        rows, root = self._cluster.quotas.rows, self._cluster.quotas.root
        tree = root(queue)
        of_tree = ((each.queue, self._room[key].quotas) for key, each in self._of.items() if root(each.queue) == tree)
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

    def _apply(self, promise: K, room: Room, sign: int) -> None:
        for row, demand, devices in room.nodes:
            self._cluster.apply((row, demand, devices, None), sign)
        for number, amount in room.quotas:
            self._cluster.quotas.rows[number].keep_ahead(promise.queue, sign * amount)

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

        def kept(each: object) -> Amounts:
            nodes = self._room.get(id(each), _NO_ROOM).nodes
            return {(row, column): amount for row, demand, _ in nodes for column, amount in demand.pairs}

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
                if key not in self._left:
                    self._left[key] = self._leaves(key)
                for number, amount in self._left[key]:
                    if number in found:
                        found[number] += amount
            return found

        def kept(each: object) -> dict[int, int]:
            return dict(self._room.get(id(each), _NO_ROOM).quotas)

        of_quotas: Kept[K, int] = Kept(lambda each: each.quotas, lambda each: each.quota_blockers, left, kept)
        yield from still_to_keep(promise, self._side_by_side(promise), of_quotas).items()

    def _leaves(self, key: Hashable) -> list[tuple[int, int]]:
        """What an occupant leaves the quota rows that count it, if it is still there."""
        quotas, slot = self._cluster.quotas, self._running.slot(key)
        occupant = self._running.occupants[slot] if slot >= 0 else None
        counting = () if occupant is None else quotas.covering(int(self._running.row[slot]))
        resources = {} if occupant is None else occupant.resources
        return [(number, quotas.rows[number].limits.key.amount(resources)) for number in counting]

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
