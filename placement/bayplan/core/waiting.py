"""Who waits for a place, and who of them the engine is asked about.

The conductor asks about everybody who waits whenever something has changed. Where thousands wait, nearly all of these questions
have a known answer: within a batch nothing becomes free, so whoever fits nowhere before the batch gets no place in it.
`MayFit` leaves those questions out; `Everybody` does not. Both lead to the same places.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import Request, RequestClass
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.one_by_one import in_order
from bayplan.strategy.assigning.round_robin import RoundRobin
from bayplan.strategy.context import Context
from bayplan.strategy.ordering.age import age
from bayplan.strategy.ordering.critical_path import critical_path
from bayplan.strategy.ordering.earliest_deadline import earliest_deadline
from bayplan.strategy.ordering.priority import priority
from bayplan.strategy.protocols import Order, Strategy

_LASTING: tuple[Order, ...] = (priority, critical_path, age, earliest_deadline)
"""Orders in which of two requests the same goes first at any time, whoever else waits (of slack, rounding leaves that open)."""
_ONE_BY_ONE = (Greedy, RoundRobin)
"""Planners that treat requests of one class alike, never go back on a choice, and know of no batch (as a draw of lots does)."""


Why = tuple[str, str]
"""A reason by name, and the engine's words."""
NOTHING: Why = ("", "")


class Waiting(Protocol):
    """Units by number; their requests stay the same while they wait."""

    def add(self, unit: int) -> None:
        """It wants a place from now on."""
        ...

    def remove(self, unit: int) -> None:
        """It does not any more: it got one, or its graph has failed."""
        ...

    def refused(self, unit: int, why: Why) -> None:
        """The engine had no place for it."""
        ...

    def why(self, unit: int) -> Why:
        """What was last said of a unit that was refused a place, itself or with all of its class."""
        ...

    def freed(self, row: int) -> None:
        """Less is used of a row of the cluster than before."""
        ...

    def nodes_changed(self) -> None:
        """A node came, went, or changed in anything but usage; or which nodes are hot has changed."""
        ...

    def again(self) -> None:
        """Answers may have changed though nothing of the cluster has: a plan was made, or a place is kept no longer."""
        ...

    def batch(self) -> list[int]:
        """Whom to ask about next, lowest first; nobody if all answers are known. Ask again once the answers are told."""
        ...

    def settled(self) -> None:
        """The answers to a batch have been told."""
        ...


class Everybody:
    """All who wait, whenever anything has changed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._units: set[int] = set()
        self._wishes = 0
        self._asked_at: tuple[int, int] | None = None
        self._why: dict[int, Why] = {}

    def add(self, unit: int) -> None:
        """Another wish."""
        self._units.add(unit)
        self._wishes += 1

    def remove(self, unit: int) -> None:
        """One wish less."""
        self._units.remove(unit)

    def refused(self, unit: int, why: Why) -> None:
        """It waits on; asked again once something has changed."""
        self._why[unit] = why

    def why(self, unit: int) -> Why:
        """What was said of it."""
        return self._why.get(unit, NOTHING)

    def freed(self, row: int) -> None:
        """The cluster's version tells."""

    def nodes_changed(self) -> None:
        """The cluster's version tells of nodes, but not of load."""
        self._wishes += 1

    def again(self) -> None:
        """Nobody has been asked."""
        self._asked_at = None

    def batch(self) -> list[int]:
        """All, unless nothing has changed since they were asked about."""
        if not self._units or self._asked_at == (self._cluster.version, self._wishes):
            return []
        return sorted(self._units)

    def settled(self) -> None:
        """What was placed is charged."""
        self._asked_at = (self._cluster.version, self._wishes)


class MayFit:
    """One after the other in the strategy's order; of a class only while there may be room on what was freed since the class
    was found to fit nowhere.

    A planner that goes one by one, in an order that holds for any two, places the same whether it is asked about all at
    once or about one at a time, each placed before the next.
    """

    def __init__(self, cluster: Cluster, requests: Sequence[Request], strategy: Strategy) -> None:
        self._cluster, self._requests = cluster, requests
        order = in_order(requests, cluster, strategy, Context()).tolist()
        self._unit_at: list[int] = order
        self._rank = [0] * len(order)
        for rank, unit in enumerate(order):
            self._rank[unit] = rank
        self._queues: dict[RequestClass, list[int]] = {}
        """Per class of which somebody waits, their ranks."""
        self._why: dict[RequestClass, Why] = {}
        self._full: set[RequestClass] = set()
        """Classes that fit nowhere but perhaps on freed rows."""
        self._freed: set[int] = set()
        self._anything = False
        """Nodes have changed: nothing is known of any class."""
        self._news = False
        self._heads: list[tuple[int, RequestClass]] = []
        """In a round of questions: the first of each class that may be asked about, as a heap."""
        self._asking: RequestClass | None = None
        self._free: tuple[int, list[list[int]]] = (-1, [])
        """What is free on the freed rows, as of a version of the cluster."""

    def add(self, unit: int) -> None:
        """It joins the queue of its class."""
        asked = self._requests[unit].request_class
        queue = self._queues.get(asked)
        if queue is None:
            self._queues[asked] = [self._rank[unit]]
        else:
            insort(queue, self._rank[unit])
        self._news = self._news or asked not in self._full

    def remove(self, unit: int) -> None:
        """It leaves the queue of its class. Of a class of which nobody waits, nothing is known."""
        asked = self._requests[unit].request_class
        queue = self._queues[asked]
        if len(queue) == 1:
            del self._queues[asked]
            self._full.discard(asked)
            return
        del queue[bisect_left(queue, self._rank[unit])]
        if asked == self._asking:
            heappush(self._heads, (queue[0], asked))

    def refused(self, unit: int, why: Why) -> None:
        """So its class fits nowhere."""
        asked = self._requests[unit].request_class
        self._full.add(asked)
        self._why[asked] = why

    def why(self, unit: int) -> Why:
        """What was said of its class."""
        return self._why.get(self._requests[unit].request_class, NOTHING)

    def freed(self, row: int) -> None:
        """Somebody may fit there. Where nobody waits, nobody need know: nothing is assumed of whoever comes."""
        if self._queues:
            self._freed.add(row)
            self._news = True

    def nodes_changed(self) -> None:
        """Everybody is asked about once."""
        self._anything = self._news = True

    def again(self) -> None:
        """Everybody is asked about once."""
        self.nodes_changed()

    def batch(self) -> list[int]:
        """The next in the strategy's order who may fit."""
        if not self._news:
            return []
        if self._asking is None:
            self._heads = [(queue[0], asked) for asked, queue in self._queues.items() if self._may_fit(asked)]
            heapify(self._heads)
        while self._heads:
            rank, asked = heappop(self._heads)
            if self._may_fit(asked):
                self._asking = asked
                return [self._unit_at[rank]]
        self._freed.clear()
        self._anything = self._news = False
        self._asking = None
        return []

    def settled(self) -> None:
        """Whoever was placed has left."""

    def _may_fit(self, asked: RequestClass) -> bool:
        if self._anything or asked not in self._full:
            return True
        if not self._freed:
            return False
        demand = self._cluster.demand(asked)
        if demand.impossible:
            return False
        return any(all(left[column] >= amount for column, amount in demand.pairs) for left in self._free_now())

    def _free_now(self) -> list[list[int]]:
        version, free = self._free
        if version != self._cluster.version:
            allocatable, used = self._cluster.allocatable, self._cluster.used
            free = [(allocatable[row] - used[row]).tolist() for row in self._freed]
            self._free = (self._cluster.version, free)
        return free


def waiting(cluster: Cluster, requests: Sequence[Request], strategies: Sequence[Strategy], shortcuts: bool) -> Waiting:
    """The quickest that leads to the same places."""
    if shortcuts and len(strategies) == 1 and may_leave_out(strategies[0], requests):
        return MayFit(cluster, requests, strategies[0])
    return Everybody(cluster)


def may_leave_out(strategy: Strategy, requests: Sequence[Request]) -> bool:
    """Whether leaving out of a batch whom nobody could place changes nothing for the others."""
    return (
        isinstance(strategy.planner, _ONE_BY_ONE)
        and all(order in _LASTING for order in strategy.order)
        and all(request.gang is None for request in requests)
    )
