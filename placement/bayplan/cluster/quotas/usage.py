"""What is held of one quota row, by each queue and everything below it."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from bayplan.cluster.quotas.limits import UNLIMITED, RowLimits


class RowUsage:
    """Of one row. O(depth of the tree) per change and per question.

    A queue's own guaranteed amount is used first; only what exceeds it counts at its parent.
    """

    def __init__(self, limits: RowLimits, parents: Sequence[int]) -> None:
        self.limits, self._parents, self._paths = limits, parents, _paths(tuple(parents))
        self.used = [0] * len(parents)
        """Per queue, what it holds itself and what those below it hold of what it lends them, with what is kept."""
        self.own: list[dict[str, int]] = [{} for _ in parents]
        """Per queue, what it holds itself, by namespace."""
        self.kept = [0] * len(parents)
        """Per queue, what is kept for its graphs that are charged as a whole, and that their pods do not hold yet."""
        self.ahead = [0] * len(parents)
        """Per queue, what is kept for its requests that stand ahead of the one that is asked about."""
        self._empty = [0] * len(parents)
        self._guaranteed = sum(limits.guaranteed)

    def charge(self, queue: int, amount: int, namespace: str = "") -> None:
        """The queue holds so much more for a namespace; negative: less. What holds nothing that counts is left aside."""
        if not self.limits.limited[queue]:
            return
        own = self.own[queue]
        left = own.get(namespace, 0) + amount
        if left:
            own[namespace] = left
        else:
            own.pop(namespace, None)
        self._pass_up(queue, amount)

    def keep(self, queue: int, amount: int) -> None:
        """So much more is kept for graphs of the queue, which counts as used and is held by no pod; negative: less."""
        if self.limits.limited[queue]:
            self.kept[queue] += amount
            self._pass_up(queue, amount)

    def keep_ahead(self, queue: int, amount: int) -> None:
        """So much more is kept for requests of the queue that stand ahead of the others; negative: less."""
        if self.limits.limited[queue]:
            self.ahead[queue] += amount
            self._pass_up(queue, amount)

    def rest(self, queue: int) -> int:
        """How much more the queue may hold, negative where it is over; `UNLIMITED` where nothing limits it.

        Of each queue on the way: what is left of its guaranteed amount, and what it gets from above, at most its borrowing
        limit beyond what it lends itself.
        """
        if not self.limits.limited[queue]:
            return UNLIMITED
        return self._found(queue, self.used)[0]

    def left_in_tree(self, root: int) -> int:
        """An upper bound of what is left to any queue below one without a parent; exact where no queue keeps anything."""
        return self.limits.subtree[root] - self.used[root] + self._guaranteed

    def most(self, queue: int) -> int:
        """The most that the queue may ever hold, were it and all others empty; `UNLIMITED` where nothing limits it."""
        if not self.limits.limited[queue]:
            return UNLIMITED
        return self._found(queue, self._empty)[0]

    def binding(self, queue: int) -> tuple[int, int, int]:
        """What keeps a limited queue from holding more: the number of the queue whose limit that is, itself or one above it,
        what is held there, and the limit."""
        where = self._found(queue, self.used)[1]
        if self._parents[where] >= 0:
            return where, self.used[where], self.limits.subtree[where] + self.limits.borrowing[where]
        # Where a queue alone makes up all that is at the top, the limit is its own.
        held, limit, below = self.used[where], self.limits.subtree[where], queue
        while (self.used[below], self.limits.subtree[below]) != (held, limit):
            below = self._parents[below]
        return below, held, limit

    def holders(self, queue: int) -> Counter[str]:
        """By namespace, what a queue and all those below it hold. O(queues x depth)."""
        found: Counter[str] = Counter()
        for number, own in enumerate(self.own):
            above = number if own else -1
            while above >= 0 and above != queue:
                above = self._parents[above]
            if above == queue:
                found.update(own)
        return found

    def _pass_up(self, queue: int, amount: int) -> None:
        used, guaranteed = self.used, self.limits.guaranteed
        while queue >= 0 and amount:
            before = used[queue]
            used[queue] = before + amount
            keeps = guaranteed[queue]
            amount = max(0, before + amount - keeps) - max(0, before - keeps)
            queue = self._parents[queue]

    def _found(self, queue: int, held: Sequence[int]) -> tuple[int, int]:
        """How much more it may hold, and the number of the queue that limits that."""
        limits, path = self.limits, self._paths[queue]
        where = path[0]
        rest = limits.subtree[where] - held[where]
        for each in path[1:]:
            used, keeps = held[each], limits.guaranteed[each]
            beyond = used - keeps
            most = limits.subtree[each] - keeps + limits.borrowing[each]
            if beyond > 0:
                most -= beyond
            if most < rest:
                rest, where = most, each
            if beyond < 0:
                rest -= beyond
        return rest, where


@lru_cache(maxsize=4)
def _paths(parents: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Of each queue those above it, the one without a parent first, and itself. Parents come before their children."""
    found: list[tuple[int, ...]] = []
    for number, above in enumerate(parents):
        found.append((number,) if above < 0 else (*found[above], number))
    return found
