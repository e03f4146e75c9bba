"""Lines of queues merged into one, up the tree of queues: what `Contest` answers step by step, for all steps at once.

Taking the lowest head again and again is a sort by the running maximum of each line's keys. Shares never fall as requests are
admitted, so that they are their own running maximum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.admission.line.contest import ROOT
from bayplan.admission.shares import QueueShares
from bayplan.model.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class QueueLines:
    """Units that wait, in columns; each shape (units,). Those of one queue stand in their order."""

    queue: IntArray
    """The number of its queue; as many as there are queues: none."""
    among: IntArray
    """Where it stands among the first of other queues, where shares are not compared; no two are equal."""
    amounts: FloatArray
    """Shape (units, measures): what it asks of each measure of shares."""
    seconds: FloatArray
    """How long it is expected to run."""


def merged(lines: QueueLines, parents: Sequence[int], shares: QueueShares) -> tuple[IntArray, FloatArray]:
    """The order of all units, and per unit in that order the share by which its queue, or the first above it that is compared,
    goes next; NaN: none is. O(depth x n log n)."""
    above, depth = _ancestors(parents)
    own_depth = depth[lines.queue]
    place = np.arange(len(lines.queue))
    told = np.full(len(lines.queue), np.nan)
    for level in range(int(own_depth.max(initial=0)) - 1, -2, -1):
        below = np.flatnonzero(own_depth >= max(level, 0))
        parent = above[lines.queue[below], level] if level >= 0 else np.full(len(below), ROOT)
        deeper = own_depth[below] > level
        child = np.where(deeper, above[lines.queue[below], level + 1], -2 - parent)
        order = np.lexsort((place[below], child))
        rows, parent, child = below[order], parent[order], child[order]
        fair = _compares(shares.compared, parent) & (child >= ROOT)  # what a queue has itself is compared with nothing below it
        first, second = _running_maximum(lines.among[rows].astype(float), child), np.zeros(len(rows))
        if fair.any():
            share, held = shares.course(child, lines.amounts[rows], lines.seconds[rows])
            share, held = _running_maximum(share, child), _running_maximum(held, child)
            first, second = np.where(fair, share, first), np.where(fair, held, second)
            told[rows] = np.where(np.isnan(told[rows]) & fair, share, told[rows])
        ranked = np.lexsort((place[rows], np.where(fair, child, 0), second, first, parent))
        place[rows[ranked]] = np.arange(len(rows))
    told[lines.queue >= len(parents)] = np.nan
    found = np.argsort(place, kind="stable")
    return found, told[found]


def merges(queue: IntArray, parents: Sequence[int], shares: QueueShares) -> bool:
    """Whether lines can be merged so: no queue that compares its children has units of its own that wait."""
    with_children = {each for each in parents if each >= 0}
    return not any(number in with_children and shares.compared.get(number, False) for number in np.unique(queue).tolist())


def _ancestors(parents: Sequence[int]) -> tuple[IntArray, IntArray]:
    """Per queue, that above it at each depth, itself included; and its depth. The last row is of what is in no queue."""
    depth = np.zeros(len(parents) + 1, np.int64)
    for number, parent in enumerate(parents):  # parents come before their children
        depth[number] = depth[parent] + 1 if parent >= 0 else 0
    above = np.full((len(parents) + 1, int(depth.max(initial=0)) + 2), -1)
    for number, parent in enumerate([*parents, ROOT]):
        if parent >= 0:
            above[number] = above[parent]
        above[number, depth[number]] = number
    return above, depth


def _compares(compared: Mapping[int, bool], parent: IntArray) -> BoolArray:
    distinct, inverse = np.unique(parent, return_inverse=True)
    return np.array([compared.get(each, False) for each in distinct.tolist()], bool)[inverse.reshape(-1)]


def _running_maximum(values: FloatArray, segment: IntArray) -> FloatArray:
    """The largest so far within each segment; equal segments stand together."""
    if not len(values):
        return values
    distinct, inverse = np.unique(values, return_inverse=True)
    number = np.cumsum(np.concatenate(([0], segment[1:] != segment[:-1])))
    ranks = np.maximum.accumulate(number * len(distinct) + inverse.reshape(-1)) - number * len(distinct)
    return np.asarray(distinct[ranks])
