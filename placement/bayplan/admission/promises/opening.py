"""When, and where, a unit could start: what has to leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayplan.admission.occupancy import Occupancy
from bayplan.admission.promises.promise import Promise
from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.arrays import BoolArray, FloatArray, IntArray


class Stay(NamedTuple):
    """What the owner of a promise ahead will have, from its start to its end."""

    promise: Promise
    end: float
    """Seconds since the epoch; infinite: not known."""
    nodes: Mapping[int, Mapping[int, int]]
    """By row of the cluster and column, what it will have there beside what is kept for it now."""
    quotas: Mapping[int, int]
    """By number of a quota row, the same."""


class ResourceProfile(NamedTuple):
    """What there is now, and what will be."""

    cluster: Cluster
    """What is tried out, and what is kept for promises ahead, counts as used."""
    running: Occupancy
    stays: Sequence[Stay]
    now: float


@dataclass(frozen=True, slots=True)
class Waited:
    """What has to end."""

    slots: Sequence[int]
    """Of what runs."""
    stays: Sequence[int]
    """Numbers of stays."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Places that become free for a unit."""

    rows: Mapping[int, int]
    """By row, how many of its requests."""
    waited: Waited


def node_opening(members: int, demand: Demand, rows: BoolArray, of: ResourceProfile) -> Opening | None:
    """Where so many requests alike find room first, if all ends when it is expected to; `None`: nowhere, ever.

    `rows`: where they may go. O(occupants log occupants).
    """
    if demand.impossible:
        return None
    cluster = of.cluster
    free = (cluster.allocatable - cluster.used).astype(np.int64)
    for stay in of.stays:
        for row, amounts in stay.nodes.items():
            for column, amount in amounts.items():
                free[row, column] -= amount
    room = {int(row): _room(free[row], demand, members) for row in np.flatnonzero(rows)}
    chosen = {row: 0.0 for row, count in room.items() if count}
    total, released = sum(room.values()), dict[int, list[int]]()
    numbers, at, ends = _leaving(of)
    known = np.isin(at, list(room))
    numbers, at, ends = numbers[known], at[known], ends[known]
    # Unknown ends come last; of these, places with the fewest of them first.
    unknown = np.bincount(at[~np.isfinite(ends)], minlength=cluster.rows)
    for each in np.lexsort((at, unknown[at], ends)).tolist():
        if total >= members:
            break
        number, row = int(numbers[each]), int(at[each])
        released.setdefault(row, []).append(number)
        for column, amount in _left_by(number, row, of):
            free[row, column] += amount
        more = _room(free[row], demand, members)
        total += more - room[row]
        room[row] = more
        if more:
            chosen[row] = float(ends[each])
    if total < members:
        return None
    found, left = dict[int, int](), members
    for row in sorted(chosen, key=lambda row: (chosen[row], row)):
        if left:
            found[row] = min(left, room[row])
            left -= found[row]
    return Opening(found, _waited([number for row in found for number in released.get(row, [])]))


def quota_opening(asks: Mapping[int, int], queue: int, of: ResourceProfile) -> Waited | None:
    """What has to end before a queue may hold what is asked of quota rows, by their numbers; `None`: it never may."""
    cluster, running, stays, now = of
    quotas, found = cluster.quotas, dict[int, None]()
    slots = np.flatnonzero(running.there & quotas.in_tree_of(queue, running.queue))
    ends = np.concatenate([running.medians(now)[slots], [stay.end for stay in stays]])
    order = np.argsort(ends, kind="stable").tolist()
    for number, asked in asks.items():
        counted = quotas.closed((number,), cluster.rows)[running.row[slots]].tolist()
        there = [each for each in order if each >= len(slots) or counted[each]]
        waited = [int(slots[each]) if each < len(slots) else len(slots) - 1 - each for each in there]
        taken = _until((number, asked), queue, waited, of)
        if taken is None:
            return None
        found.update(dict.fromkeys(taken))
    return _waited(list(found))


def _until(ask: tuple[int, int], queue: int, waited: Sequence[int], of: ResourceProfile) -> list[int] | None:
    """Those of what is waited for, in its order, without which the queue may hold what is asked of a quota row."""
    number, asked = ask
    usage, key = of.cluster.quotas.rows[number], of.cluster.quotas.rows[number].limits.key
    undo: list[tuple[int, int]] = []

    def count(holder: int, amount: int) -> None:
        usage.keep_ahead(holder, amount)
        undo.append((holder, -amount))

    found: list[int] = []
    try:
        for stay in of.stays:
            if stay.quotas.get(number):
                count(stay.promise.queue, stay.quotas[number])
        for each in waited:
            if usage.rest(queue) >= asked:
                return found
            if each < 0:
                promise = of.stays[-1 - each].promise
                holder, amount = promise.queue, promise.quotas.get(number, 0)
            else:
                occupant = of.running.occupants[each]
                holder, amount = int(of.running.queue[each]), 0 if occupant is None else key.amount(occupant.resources)
            if amount:
                count(holder, -amount)
                found.append(each)
        return found if usage.rest(queue) >= asked else None
    finally:
        for holder, amount in reversed(undo):
            usage.keep_ahead(holder, amount)


def _leaving(of: ResourceProfile) -> tuple[IntArray, IntArray, FloatArray]:
    """What may have to leave nodes: its number, the row, and when it is expected to end. What runs is numbered by its slot, the
    stay `n` as -1 - n."""
    running, slots = of.running, np.flatnonzero(of.running.there)
    later = [(-1 - n, row, stay.end) for n, stay in enumerate(of.stays) for row in stay.promise.asks]
    return (
        np.concatenate([slots, np.array([number for number, _, _ in later], np.int64)]),
        np.concatenate([running.row[slots], np.array([row for _, row, _ in later], np.int64)]),
        np.concatenate([running.medians(of.now)[slots], np.array([end for _, _, end in later], np.float64)]),
    )


def _left_by(number: int, row: int, of: ResourceProfile) -> Sequence[tuple[int, int]]:
    """Columns and amounts that it will leave there."""
    if number < 0:
        return of.stays[-1 - number].promise.asks[row]
    occupant = of.running.occupants[number]
    resources = {} if occupant is None else occupant.resources
    return [(of.cluster.resources.index(name), amount) for name, amount in resources.items()]


def _waited(numbers: Sequence[int]) -> Waited:
    return Waited([each for each in numbers if each >= 0], sorted({-1 - each for each in numbers if each < 0}))


def _room(free: FloatArray, demand: Demand, most: int) -> int:
    """How many requests fit side by side, at most so many."""
    for column, amount in demand.pairs:
        most = min(most, int(free[column]) // amount)
    return max(0, most)
