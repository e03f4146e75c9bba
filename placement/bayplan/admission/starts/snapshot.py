"""What is to be known of a cluster to say when what waits is expected to start: copies, for work beside the decisions."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.promises.promises import Promises
from bayplan.admission.shares import QueueShares
from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import admission
from bayplan.cluster.quotas.limits import RowLimits
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.workload import RequestClass
from bayplan.strategy.wish import Wish

_ANY = 1_000_000
"""Requests that ask for nothing fit on one node so many times."""

Pairs = tuple[tuple[int, int], ...]
"""Column of a resource, and amount."""


@dataclass(frozen=True, slots=True)
class ClassRoom:
    """What a class of requests asks, and where it may go."""

    pairs: Pairs
    rows: BoolArray
    """Shape (rows,)."""
    anywhere: bool
    """There is such a row."""
    room: IntArray
    """How many fit on each of these rows now; shape (rows,)."""
    asks: tuple[int, ...]
    """Per quota row, what one of them asks of it, wherever it goes."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that runs."""

    row: int
    pairs: Pairs
    queue: int
    """-1: none."""
    asks: tuple[int, ...]
    """Per quota row, what it holds of it."""


@dataclass(frozen=True, slots=True)
class LineSnapshot:
    """What waits, what runs, and what is promised, at an instant."""

    now: float
    wishes: Sequence[Wish]
    tree: QueueTree | None
    shares: QueueShares | None
    free: IntArray
    """Shape (rows, resources)."""
    classes: Mapping[RequestClass, ClassRoom]
    holders: Sequence[Holder]
    since: FloatArray
    laws: FloatArray
    """Median, sigma and bound; shape (holders, 3)."""
    quotas: Sequence[tuple[RowLimits, tuple[int, ...]]]
    """Of each quota row, what queues hold of it."""
    promised: Mapping[Hashable, float]
    """By the first request of a unit, the instant."""

    def usage(self) -> list[RowUsage]:
        """Of each quota row, as it is held: a copy to reckon with."""
        found = []
        parents = [] if self.tree is None else self.tree.limits().parents
        for limits, used in self.quotas:
            row = RowUsage(limits, parents)
            row.used = list(used)
            found.append(row)
        return found


def taken(
    cluster: Cluster, wishes: Sequence[Wish], tree: QueueTree | None, shares: QueueShares | None, promises: Promises, now: float
) -> LineSnapshot:
    """Of what a decider knows. O(wishes + occupants + classes x rows)."""
    running, quotas = promises.running, cluster.quotas
    running.step()
    if shares is not None:
        shares.step(now)
    free = (cluster.allocatable - cluster.used).astype(np.int64)
    columns = {name: number for number, name in enumerate(cluster.resources)}
    keys = [row.limits.key for row in quotas.rows]
    slots = np.flatnonzero(running.there).tolist()
    holders = []
    for slot in slots:
        occupant, row = running.occupants[slot], int(running.row[slot])
        resources = {} if occupant is None else occupant.resources
        pairs = tuple((columns[name], amount) for name, amount in resources.items())
        covering = quotas.covering(row)
        asks = tuple(key.amount(resources) if number in covering else 0 for number, key in enumerate(keys))
        holders.append(Holder(row, pairs, int(running.queue[slot]), asks))
    classes: dict[RequestClass, ClassRoom] = {}

    def covers(number: int, rows: BoolArray) -> bool:
        return quotas.everywhere(number) or bool((quotas.closed((number,), cluster.rows) >= rows).all())

    for wish in wishes:
        asked = wish.request.request_class
        if asked not in classes:
            demand = cluster.demand(asked)
            rows = (admission(cluster, asked, wish.strategy.node_selector).codes == 0) & (not demand.impossible)
            room = _room(free, demand.pairs, rows)
            amounts = dict(asked.resources)
            asks = tuple(key.amount(amounts) if covers(number, rows) else 0 for number, key in enumerate(keys))
            classes[asked] = ClassRoom(tuple(demand.pairs), rows, bool(rows.any()), room, asks)
    return LineSnapshot(
        now,
        wishes,
        tree,
        None if shares is None else shares.apart(),
        free,
        classes,
        holders,
        running.since[slots].copy(),
        running.laws[slots].copy(),
        [(row.limits, tuple(row.used)) for row in quotas.rows],
        {each.owners[0]: each.at for each in promises.all},
    )


def _room(free: IntArray, pairs: Sequence[tuple[int, int]], rows: BoolArray) -> IntArray:
    found = np.where(rows, _ANY, 0)
    for column, amount in pairs:
        if amount:
            found = np.minimum(found, np.maximum(free[:, column] // amount, 0))
    return found
