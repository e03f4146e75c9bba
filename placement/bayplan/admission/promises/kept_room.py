"""What promises and holds keep from other requests: charged to the nodes and quotas while these are asked about."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import IntArray
from bayplan.model.gpu import GpuAsk


class Keeper(Protocol):
    """What keeps room."""

    @property
    def queue(self) -> int:
        """The number of the queue that it is for."""
        ...

    @property
    def asks(self) -> Mapping[int, tuple[tuple[int, int], ...]]:
        """By row of the cluster, what is to be there: column and amount."""
        ...

    @property
    def gpus(self) -> Sequence[tuple[int, GpuAsk, tuple[int, ...]]]:
        """Row and GPUs, where it is known which."""
        ...

    @property
    def quotas(self) -> Mapping[int, int]:
        """By number of a quota row, what is asked of it."""
        ...

    @property
    def blockers(self) -> Collection[Hashable]:
        """Keys of the occupants that have to leave."""
        ...

    @property
    def quota_blockers(self) -> Collection[Hashable]:
        """Those of them whose part of quotas stands for what is asked there as long as they are there."""
        ...


K = TypeVar("K", bound=Keeper)


class KeptRoom(Generic[K]):
    """Of a place that is kept: what is asked there, less what will have left it by then.

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
        leaving: dict[int, dict[int, int]] = {}
        columns = {name: number for number, name in enumerate(self._cluster.resources)}
        for slot in self._slots(promise.blockers):
            occupant, row = self._running.occupants[slot], int(self._running.row[slot])
            if occupant is not None and row in promise.asks:
                there = leaving.setdefault(row, {})
                for name, amount in occupant.resources.items():
                    there[columns[name]] = there.get(columns[name], 0) + amount
        for row, asks in promise.asks.items():
            there = leaving.get(row, {})
            kept = [(column, amount - there.get(column, 0)) for column, amount in asks if amount > there.get(column, 0)]
            if kept:
                yield row, _demand(kept), ()
        for row, ask, devices in promise.gpus:
            only = Demand(_NONE, _NONE, gpus=ask)
            if self._cluster.holds(row, only, devices):  # else what has to leave has them still
                yield row, only, devices

    def _in_quotas(self, promise: K) -> Iterable[tuple[int, int]]:
        quotas = self._cluster.quotas
        for number, asked in promise.quotas.items():
            key = quotas.rows[number].limits.key
            for slot in self._slots(promise.quota_blockers):
                occupant = self._running.occupants[slot]
                if occupant is not None and number in quotas.covering(int(self._running.row[slot])):
                    asked -= key.amount(occupant.resources)
            if asked > 0:
                yield number, asked

    def _slots(self, blockers: Collection[Hashable]) -> list[int]:
        """Of those that are still there."""
        return [slot for key in blockers if (slot := self._running.slot(key)) >= 0]


_NONE: IntArray = np.zeros(0, np.int64)


def _demand(pairs: list[tuple[int, int]]) -> Demand:
    columns: IntArray = np.array([column for column, _ in pairs], np.int64)
    amounts: IntArray = np.array([amount for _, amount in pairs], np.int64)
    return Demand(columns, amounts, pairs=tuple(pairs))
