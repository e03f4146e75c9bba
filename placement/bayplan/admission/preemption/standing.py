"""What queues hold of each quota row, beside what is nominally theirs: what pre-emption is judged by."""

from collections.abc import Sequence

import numpy as np

from bayplan.admission.tree import QueueTree
from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

Side = tuple[bool, int]
"""A child of a common ancestor: whether it is a queue with all below it, or what the ancestor itself holds; and its number."""


class QueueStanding:
    """As of an instant, with what is tried out; then changed by hand. O(queues x quota rows) to make."""

    def __init__(self, cluster: Cluster, tree: QueueTree) -> None:
        quotas = cluster.quotas
        limits = quotas.limits
        self._parents: Sequence[int] = limits.parents
        rows, queues = len(quotas.rows), len(limits.queues)
        self.own = np.zeros((queues, rows), np.int64)
        """Shape (queues, quota rows): what each holds itself, and what is kept for its requests."""
        self._own_nominal = np.zeros((queues, rows), np.int64)
        self.limited: BoolArray = np.zeros((queues, rows), bool)
        for number, row in enumerate(quotas.rows):
            self.own[:, number] = [sum(each.values()) + ahead for each, ahead in zip(row.own, row.ahead, strict=True)]
            self._own_nominal[:, number] = row.limits.nominal
            self.limited[:, number] = row.limits.limited
        self.held, self._nominal = self._summed(self.own), self._summed(self._own_nominal)
        queues_of = list(tree.queues.values())
        self._weights = [each.weight for each in queues_of]
        self._compares = [each.half_life is not None for each in queues_of]
        self._compares_roots = tree.half_life is not None
        self._lendable = np.ones((queues, rows))
        for number, row in enumerate(quotas.rows):
            top = sum(row.limits.subtree[each] for each, above in enumerate(self._parents) if above < 0)
            self._lendable[:, number] = [max(1, top if above < 0 else row.limits.subtree[above]) for above in self._parents]

    def charge(self, queue: int, amounts: IntArray, sign: int) -> None:
        """A queue holds so much more of each quota row (sign 1), or less. O(depth)."""
        change = np.where(self.limited[queue], sign * amounts, 0)
        self.own[queue] += change
        while queue >= 0:
            self.held[queue] += change
            queue = self._parents[queue]

    def path(self, queue: int) -> list[int]:
        """The queue, and those above it."""
        found = [queue]
        while (above := self._parents[found[-1]]) >= 0:
            found.append(above)
        return found

    def sides(self, one: int, other: int) -> tuple[Side, Side, int]:
        """Of two queues, the children of their lowest common ancestor that they are or stand below; and the ancestor, -1 where
        they have none."""
        first, second = self.path(one), self.path(other)
        common = -1
        while first and second and first[-1] == second[-1]:
            common = first.pop()
            second.pop()
        return (
            (True, first[-1]) if first else (False, common),
            (True, second[-1]) if second else (False, common),
            common,
        )

    def compares(self, parent: int) -> bool:
        """Whether a queue compares the shares of its children; -1: those without a parent."""
        return self._compares_roots if parent < 0 else self._compares[parent]

    def above(self, side: Side) -> IntArray:
        """Shape (quota rows,): what it holds beyond nominal; negative: so much is missing."""
        below, number = side
        if below:
            return np.asarray(self.held[number] - self._nominal[number])
        return np.asarray(self.own[number] - self._own_nominal[number])

    def way(self, queue: int, side: Side) -> IntArray:
        """Shape (quota rows,): the least that any part holds beyond nominal, from what a queue holds itself up to a side."""
        least = self.above((False, queue))
        if side[0]:
            for number in self.path(queue):
                least = np.minimum(least, self.above((True, number)))
                if number == side[1]:
                    break
        return least

    def share(self, side: Side) -> float:
        """What it holds beyond nominal, in parts of what its parent can lend, by weight; the largest over all quota rows."""
        number = side[1]
        excess: FloatArray = np.maximum(self.above(side), 0) / self._lendable[number]
        return float(excess.max(initial=0.0)) / self._weights[number]

    def excess(self, queue: int, asks: IntArray) -> float:
        """How far a queue with all below it is above nominal, of what is asked for, in parts of what its parent can lend."""
        return float((self.above((True, queue)) / self._lendable[queue])[asks > 0].max(initial=-np.inf))

    def _summed(self, own: IntArray) -> IntArray:
        """Each queue with all below it; parents come before their children."""
        found = own.copy()
        for number in range(len(found) - 1, -1, -1):
            if self._parents[number] >= 0:
                found[self._parents[number]] += found[number]
        return found
