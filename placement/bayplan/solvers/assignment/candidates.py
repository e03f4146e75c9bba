"""Which nodes are looked at for each group of requests where looking at all would take too long."""

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.problem import FORBIDDEN


def candidates(compact: Compact, start: IntArray, pairs: int, seed: int) -> BoolArray:
    """Shape (groups, nodes). The rule, per group: the nodes of most value, of equals drawn by lot, so that groups differ.

    So many that there are about `pairs` in all, at least 4 for each group, and more until they would hold the group twice
    over; and the nodes that it has at the start. O(groups x nodes x log nodes).
    """
    groups, nodes = compact.value.shape
    chosen = np.zeros((groups, nodes), bool)
    many = max(pairs // groups, 4)
    if many >= nodes:
        return np.asarray(compact.value > FORBIDDEN)
    draw = np.random.default_rng(seed)
    for group in range(groups):
        order = np.lexsort((draw.random(nodes), -compact.value[group]))
        room = np.minimum(np.cumsum(compact.room[group, order]), 2 * compact.size[group])
        enough = int(np.searchsorted(room, 2 * compact.size[group])) + 1
        chosen[group, order[: max(many, enough)]] = True
    placed = np.flatnonzero(start >= 0)
    chosen[compact.group[placed], start[placed]] = True
    return chosen & (compact.value > FORBIDDEN)
