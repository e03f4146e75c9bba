"""When, and where, a unit could start: what has to leave, and the instant by which that has left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.promise import QUANTILE
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.arrays import BoolArray, FloatArray

DRAWS = 128
"""Of the joint instant."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Places that become free for a unit."""

    rows: Mapping[int, int]
    """By row, how many of its requests."""
    blockers: Sequence[int]
    """Slots of what has to leave."""


def node_opening(
    members: int, demand: Demand, rows: BoolArray, cluster: Cluster, running: Occupancy, now: float
) -> Opening | None:
    """Where so many requests alike find room first, if what runs ends at its median; `None`: nowhere, ever.

    `rows`: where they may go. What is tried out counts as used. O(occupants log occupants).
    """
    if demand.impossible:
        return None
    free = (cluster.allocatable - cluster.used).astype(np.int64)
    room = {int(row): _room(free[row], demand, members) for row in np.flatnonzero(rows)}
    chosen = {row: 0.0 for row, count in room.items() if count}
    total, released = sum(room.values()), dict[int, list[int]]()
    ends = running.medians(now)
    slots = np.flatnonzero(running.there & np.isin(running.row, list(room)))
    # Unknown ends come last; of these, places with the fewest of them first.
    unknown = np.bincount(running.row[slots][~np.isfinite(ends[slots])], minlength=cluster.rows)
    order = slots[np.lexsort((running.row[slots], unknown[running.row[slots]], ends[slots]))]
    for slot in order.tolist():
        if total >= members:
            break
        row, occupant = int(running.row[slot]), running.occupants[slot]
        if occupant is None:
            continue
        released.setdefault(row, []).append(slot)
        for name, amount in occupant.resources.items():
            free[row, cluster.resources.index(name)] += amount
        more = _room(free[row], demand, members)
        total += more - room[row]
        room[row] = more
        if more:
            chosen[row] = float(ends[slot])
    if total < members:
        return None
    found, left = dict[int, int](), members
    for row in sorted(chosen, key=lambda row: (chosen[row], row)):
        if left:
            found[row] = min(left, room[row])
            left -= found[row]
    return Opening(found, [slot for row in found for slot in released.get(row, [])])


def quota_opening(
    asks: Mapping[int, int], queue: int, cluster: Cluster, running: Occupancy, now: float
) -> Sequence[int] | None:
    """What has to leave before a queue may hold what is asked of quota rows, by their numbers; `None`: it never may."""
    ends, quotas, found = running.medians(now), cluster.quotas, dict[int, None]()
    slots = np.flatnonzero(running.there & quotas.in_tree_of(queue, running.queue))
    slots = slots[np.argsort(ends[slots], kind="stable")]
    for number, asked in asks.items():
        counted = slots[quotas.closed((number,), cluster.rows)[running.row[slots]]]
        taken = _until(quotas.rows[number], queue, asked, counted.tolist(), running)
        if taken is None:
            return None
        found.update(dict.fromkeys(taken))
    return list(found)


def joint_instant(blockers: Sequence[int], running: Occupancy, now: float, seed: int) -> float:
    """The 90 % quantile of the instant at which all of them have left, from common draws of their ends."""
    if not len(blockers):
        return now
    if all(map(running.sure, blockers)):
        return max(now, float(running.medians(now)[list(blockers)].max()))
    parts = np.random.default_rng(seed).random((len(blockers), DRAWS))
    last = np.full(DRAWS, now)
    for number, slot in enumerate(blockers):
        last = np.maximum(last, running.ends(slot, parts[number], now))
    return float(np.quantile(last, QUANTILE, method="higher"))


def _until(usage: RowUsage, queue: int, asked: int, slots: Sequence[int], running: Occupancy) -> list[int] | None:
    """Those of the slots, in their order, without which the queue may hold what is asked."""
    undo: list[Callable[[], None]] = []
    found: list[int] = []
    try:
        for slot in slots:
            if usage.rest(queue) >= asked:
                return found
            occupant = running.occupants[slot]
            if occupant is None:
                continue
            holder, amount = int(running.queue[slot]), usage.limits.key.amount(occupant.resources)
            usage.charge(holder, -amount)
            undo.append(lambda holder=holder, amount=amount: usage.charge(holder, amount))  # type: ignore[misc]
            found.append(slot)
        return found if usage.rest(queue) >= asked else None
    finally:
        for each in undo:
            each()


def _room(free: FloatArray, demand: Demand, most: int) -> int:
    """How many requests fit side by side, at most so many."""
    for column, amount in demand.pairs:
        most = min(most, int(free[column]) // amount)
    return max(0, most)
