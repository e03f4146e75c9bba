"""How much a kind of GPU is wanted by requests that cannot use every kind."""

import numpy as np

from bayplan.model.arrays import BoolArray, FloatArray, IntArray

_SWEEPS = 100


def scarcity(shares: FloatArray, eligible: BoolArray, gpus: IntArray) -> FloatArray:
    """Per kind, the load by choosy requests over the kind's share of all GPUs, shape (kinds,).

    `shares`: each class's share of the demand for GPUs; `eligible`: shape (classes, kinds). A request that every kind
    serves does not count. One that several serve is spread over them so that the highest load becomes as low as
    possible: sweep by sweep, each group of alike requests is poured again over its kinds, filling the lowest first.
    """
    capacity = gpus / max(int(gpus.sum()), 1)
    there = gpus > 0
    demand: dict[tuple[int, ...], float] = {}
    for share, row in zip(shares.tolist(), eligible & there, strict=True):
        if share > 0 and row.any() and not row[there].all():
            kinds = tuple(np.flatnonzero(row).tolist())
            demand[kinds] = demand.get(kinds, 0.0) + share
    load = np.zeros(len(gpus))
    poured = {kinds: np.zeros(len(kinds)) for kinds in demand}
    for _ in range(_SWEEPS):
        moved = False
        for kinds, amount in demand.items():
            at = list(kinds)
            load[at] -= poured[kinds]
            before, poured[kinds] = poured[kinds], _pour(amount, load[at], capacity[at])
            load[at] += poured[kinds]
            moved = moved or not np.array_equal(before, poured[kinds])
        if not moved:
            break
    return np.divide(load, capacity, out=np.zeros(len(gpus)), where=there)


def _pour(amount: float, load: FloatArray, capacity: FloatArray) -> FloatArray:
    """Spread an amount so that load / capacity ends at one level wherever something was added."""
    height = load / capacity
    order = np.argsort(height, kind="stable")
    room, filled, level = 0.0, amount, 0.0
    for place, number in enumerate(order.tolist()):
        room += capacity[number]
        filled += load[number]
        level = filled / room
        if place + 1 < len(order) and level > height[order[place + 1]]:
            continue
        break
    return np.maximum(level * capacity - load, 0.0)
