"""How much of each quota row each queue holds, from what occupies the nodes and what is tried out there."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bayplan.cluster.labels import LabelColumns
from bayplan.cluster.memo import Memo
from bayplan.cluster.quotas.graphs import Asker, GraphCharge, WholeGraphs
from bayplan.cluster.quotas.limits import QueueLimits
from bayplan.cluster.quotas.moves import Move, Moves
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.occupant import Occupant
from bayplan.model.workload import Request

_PASSED = 20_000
_CLASSES = 4_096

Pairs = Sequence[tuple[int, int]]
"""What is asked: column of the resource, and amount above 0."""
_NONE = np.zeros(0, bool)


class Passed(NamedTuple):
    """An occupant that had ended before it was seen."""

    row: int
    occupant: Occupant
    ended: float
    """In seconds since the epoch."""


class Quotas:
    """Follows what queues hold on the rows of a cluster. An occupant that names no queue, or one without a limit, is not
    counted."""

    def __init__(self, labels: LabelColumns, columns: Mapping[str, int]) -> None:
        """`columns`: of each resource of the cluster, the number of its column."""
        self.version = 0
        """Changes with the limits."""
        self.limits = QueueLimits()
        self.rows: list[RowUsage] = []
        """Per quota row, what is held of it."""
        self.released: list[int] = []
        """Per queue without a parent, how often anything was released that it, or one below it, had held."""
        self.moves = Moves()
        """What came and left since the limits were set."""
        self.passed: deque[Passed] = deque(maxlen=_PASSED)
        """What had ended before anything was known of it: it held what it held while no one was there to see it."""
        self.totals: list[dict[str, int]] = []
        """Per queue, what it holds itself of each resource, whatever row counts it."""
        self.graphs = WholeGraphs()
        """Those that are charged as a whole, or are to be."""
        self._labels, self._columns = labels, columns
        self._covering: dict[int, tuple[int, ...]] = {}
        """Per row of the cluster that is there, the numbers of the quota rows that count what is on it."""
        self._covered: list[BoolArray] = []
        """Per quota row: the rows of the cluster that it counts."""
        self._roots: list[int] = []
        self._root_of: IntArray = np.array([-1])
        """The same as an array; -1 at the end, for no queue."""
        self._asks = Memo(_CLASSES)
        """By what a request class asks, the part of each quota row."""
        self._concerned: list[bool] = []
        """Per queue: some quota row limits it."""

    def set(self, limits: QueueLimits, occupants: Iterable[tuple[int, Iterable[Occupant]]]) -> None:
        """From now on these limits hold. `occupants`: of each row that is there. O(occupants) where they differ."""
        if limits == self.limits:
            return
        self.version += 1
        self.limits, self.moves = limits, Moves()
        self.rows = [RowUsage(each, limits.parents) for each in limits.rows]
        self._concerned = [any(each.limited[queue] for each in limits.rows) for queue in range(len(limits.queues))]
        self.graphs.set(limits, self.rows)
        self.released, self.totals = [0] * len(limits.queues), [{} for _ in limits.queues]
        self._roots = _roots(limits.parents)
        self._root_of = np.array([*self._roots, -1])
        self._asks.clear()
        self._covered = [np.zeros(0, bool) for _ in limits.rows]
        self._covering.clear()
        for row, there in occupants:
            self._relabel(row, there, begin=True)

    # Nodes and occupants come and go

    def relabel(self, row: int, occupants: Iterable[Occupant]) -> None:
        """A node is new in a row, or has other labels. O(quota rows + occupants)."""
        self._relabel(row, occupants, begin=False)

    def _relabel(self, row: int, occupants: Iterable[Occupant], begin: bool) -> None:
        covering = tuple(n for n, each in enumerate(self.rows) if self._matches(row, each.limits.key.node_selector))
        before = self._covering.get(row)
        if before == covering:
            return
        there = list(occupants)
        if before is not None:
            for each in there:
                self._count(row, each, -1)
        self._covering[row] = covering
        for number, covered in enumerate(self._covered):
            if row >= len(covered):
                grown = np.zeros(2 * row + 16, bool)
                grown[: len(covered)] = covered
                self._covered[number] = covered = grown
            covered[row] = number in covering
        for each in there:
            self._count(row, each, 1, _since(each) if begin else None)

    def removed(self, row: int, occupants: Iterable[Occupant]) -> None:
        """The node of a row is gone, and what was on it with it."""
        for each in occupants:
            self._count(row, each, -1)
        self._covering.pop(row, None)
        for covered in self._covered:
            if row < len(covered):
                covered[row] = False

    def enter(self, row: int, occupant: Occupant) -> None:
        """It occupies a row, since the instant that its tenant says."""
        self._count(row, occupant, 1, _since(occupant))

    def leave(self, row: int, occupant: Occupant, at: float | None = None) -> None:
        """It occupies a row no more, since an instant; `None`: since now."""
        self._count(row, occupant, -1, at)

    def change(self, row: int | None, before: Occupant, after: Occupant) -> None:
        """Something else is known of whose it is; row `None`: it is on a node that is not there."""
        if row is not None and _holder(before) != _holder(after):
            self._count(row, before, -1)
            self._count(row, after, 1)

    def charge_graph(self, graph: Hashable, charge: GraphCharge | None) -> bool:
        """What is charged for a graph as a whole from now on; `None`: nothing. Whether others may hold more by that."""
        before = self.graphs.charges.get(graph)
        less = self.graphs.charge(graph, charge)
        number = -1 if before is None else self.limits.numbers.get(before.queue, -1)
        if less and number >= 0:
            self.released[self._roots[number]] += 1
        return less

    def try_out(self, row: int, request: Request, pairs: Pairs, sign: int) -> None:
        """A placement is tried (sign 1), or one is undone."""
        number = self.limited(request.queue)
        if number < 0:
            return
        for each in self._covering.get(row, ()):
            amount = self._asked(each, pairs)
            if amount:
                self.rows[each].charge(number, sign * amount, request.namespace or "")
                self.graphs.hold(request.graph, number, each, sign * amount)

    def imagine(self, row: int, occupant: Occupant, sign: int) -> None:
        """Look at things as if an occupant of a row were gone (sign -1), or again as they are (1)."""
        tenant = occupant.tenant
        number = -1 if tenant is None else self.limited(tenant.queue)
        if number >= 0:
            self._hold(row, number, occupant, sign)

    # Questions

    def limited(self, queue: str | None) -> int:
        """The number of a queue that some quota row limits; -1: none does."""
        number = -1 if queue is None else self.limits.numbers.get(queue, -1)
        return number if number >= 0 and self._concerned[number] else -1

    def short(self, queue: str | None, pairs: Pairs, pod: Asker | None = None) -> tuple[int, ...]:
        """The numbers of the quota rows of which too little is left to a queue for a request. O(quota rows x depth).

        `pod`: what asks, where it may be of a graph that is charged as a whole: one that is not yet asks for all of it first.
        """
        number = self.limited(queue)
        if number < 0:
            return ()
        waits = None if pod is None else self.graphs.lacking(pod.graph, number)
        if waits is not None:
            return waits
        return tuple([n for n, amount in enumerate(self._asked_of_all(pairs)) if self._lacks(n, number, amount, pod)])

    def lacking(self, queue: str | None, pairs: Pairs, pod: Asker) -> dict[int, int]:
        """The same, with what is asked of each of these rows."""
        account = self.graphs.account(pod.graph)
        waits = account is not None and account.queue < 0 and account.options
        whole = self.graphs.beyond(pod.graph, account.options[0]) if waits and account is not None else {}
        return {number: whole.get(number) or self._asked(number, pairs) for number in self.short(queue, pairs, pod)}

    def closed(self, short: Sequence[int], rows: int) -> BoolArray:
        """Which of the first rows of the cluster the quota rows with these numbers count. Shape (rows,)."""
        if not short:
            return _NONE
        found = np.zeros(rows, bool)
        for number in short:
            covered = self._covered[number][:rows]
            found[: len(covered)] |= covered
        return found

    def keeps_off(self, queue: str | None, pairs: Pairs, row: int, pod: Asker | None = None) -> bool:
        """Whether too little is left to a queue for a request on a row."""
        number = self.limited(queue)
        if number < 0:
            return False
        return any(self._lacks(each, number, self._asked(each, pairs), pod) for each in self._covering.get(row, ()))

    def never(self, number: int, queue: str | None, pairs: Pairs) -> bool:
        """Whether a request asks more of a quota row than its queue may ever hold."""
        limited = self.limited(queue)
        return limited >= 0 and self.rows[number].most(limited) < self.asked(number, pairs)

    def covering(self, row: int) -> tuple[int, ...]:
        """The numbers of the quota rows that count what is on a row of the cluster."""
        return self._covering.get(row, ())

    def root(self, queue: int) -> int:
        """The queue without a parent above a queue, or itself; -1 for what is no queue."""
        return self._roots[queue] if 0 <= queue < len(self._roots) else -1

    def in_tree_of(self, queue: int, queues: IntArray) -> BoolArray:
        """Which of the queues with these numbers, -1 for none, have the same root as a queue. The same shape."""
        found: BoolArray = (queues >= 0) & (self._root_of[queues] == self.root(queue))
        return found

    def everywhere(self, number: int) -> bool:
        """Whether a quota row counts what is on any node."""
        return not self.rows[number].limits.key.node_selector

    def beyond(self, root: int, pairs: Pairs) -> bool:
        """Whether too little is left in a whole tree of queues for a request, so that no queue of it may have it."""
        return any(
            self.everywhere(number)
            and (amount := self._asked(number, pairs))
            and each.limits.limited[root]
            and each.left_in_tree(root) < amount
            for number, each in enumerate(self.rows)
        )

    def asked(self, number: int, pairs: Pairs) -> int:
        """What a request asks of a quota row, on nodes that it counts."""
        return self._asked(number, pairs)

    # Inside

    def _count(self, row: int, occupant: Occupant, sign: int, at: float | None = None) -> None:
        tenant = occupant.tenant
        queue = -1 if tenant is None or tenant.queue is None else self.limits.numbers.get(tenant.queue, -1)
        if tenant is None or queue < 0:
            return
        if sign < 0:
            self.released[self._roots[queue]] += 1
        self.moves.note(Move(sign, queue, self._covering.get(row, ()), occupant, at))
        held = self.totals[queue]
        for resource, amount in occupant.resources.items():
            held[resource] = held.get(resource, 0) + sign * amount
        if not self._concerned[queue]:
            return
        self._hold(row, queue, occupant, sign)

    def _hold(self, row: int, queue: int, occupant: Occupant, sign: int) -> None:
        """An occupant of a row holds its part of the quota rows for its queue and for its graph, or holds it no more."""
        tenant = occupant.tenant
        for number in self._covering.get(row, ()) if tenant is not None else ():
            amount = self.rows[number].limits.key.amount(occupant.resources)
            if amount and tenant is not None:
                self.rows[number].charge(queue, sign * amount, tenant.namespace or "")
                self.graphs.hold(tenant.graph, queue, number, sign * amount)

    def _lacks(self, number: int, queue: int, amount: int, pod: Asker | None) -> bool:
        """Whether too little is left of a quota row to a queue for a pod that asks so much of it."""
        if not amount:
            return False
        more = amount if pod is None else self.graphs.more(pod, queue, number, amount)
        return more < 0 or (more > 0 and self.rows[number].rest(queue) < more)

    def _asked_of_all(self, pairs: Pairs) -> tuple[int, ...]:
        """Per quota row. What one request of a class asks is a tuple, and is looked up once while the rows stay the same."""
        if not isinstance(pairs, tuple):
            return tuple([self._asked(number, pairs) for number in range(len(self.rows))])
        return self._asks(pairs, lambda: tuple([self._asked(number, pairs) for number in range(len(self.rows))]))

    def _asked(self, number: int, pairs: Pairs) -> int:
        key = self.rows[number].limits.key
        if key.counts:
            amounts = dict(pairs)
            return sum(units * amounts.get(self._columns.get(name, -1), 0) for name, units in key.counts)
        column = self._columns.get(key.resource)
        return next((amount for asked, amount in pairs if asked == column), 0)

    def _matches(self, row: int, selector: Iterable[tuple[str, str]]) -> bool:
        return all(self._labels.value(key, row) == value for key, value in selector)


def _since(occupant: Occupant) -> float | None:
    return None if occupant.tenant is None else occupant.tenant.since


def _holder(occupant: Occupant) -> tuple[str | None, str | None]:
    return (None, None) if occupant.tenant is None else (occupant.tenant.queue, occupant.tenant.namespace)


def _roots(parents: Sequence[int]) -> list[int]:
    """Of each queue the one without a parent above it; parents come before their children."""
    found: list[int] = []
    for number, above in enumerate(parents):
        found.append(number if above < 0 else found[above])
    return found
