"""Auctions of places, one for each ε, at prices that are kept."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, SolverBudget

_OUT = -2
"""The request stays without a place: all cost more than they are worth to it."""


class Bidding:
    """Prices, and which request has which place.

    Places of the same worth to all requests are of one kind; its price is that of its cheapest place. At the end of an
    auction ε-complementary slackness holds: no request could gain more than ε at another kind, or by having no place; and a
    kind of which a place is left costs nothing.
    """

    def __init__(self, worth: FloatArray, places: IntArray) -> None:
        """`worth`: shape (requests, columns). `places`: shape (columns,), how many places alike each column stands for."""
        self._column_places = places
        _, first, kind = np.unique(worth, axis=1, return_index=True, return_inverse=True)
        self._worth = np.ascontiguousarray(worth[:, first])
        """Shape (requests, kinds)."""
        self._kind_of_column: IntArray = kind.reshape(-1).astype(np.int64)
        self._size = np.bincount(self._kind_of_column, weights=places, minlength=len(first)).astype(np.int64)
        # No more places than requests are ever taken.
        self._size = np.minimum(self._size, len(worth))
        self._kind = np.repeat(np.arange(len(first)), self._size)
        """Shape (places,), ascending."""
        self._start = np.cumsum(self._size) - self._size
        self._price = np.zeros(len(self._kind))
        self._owner: IntArray = np.full(len(self._kind), NONE, np.int64)
        self._place: IntArray = np.full(len(worth), NONE, np.int64)

    def columns(self) -> IntArray:
        """Per request, the column that it has a place of, or -1."""
        columns = np.full(len(self._place), NONE, np.int64)
        order = np.argsort(self._kind_of_column, kind="stable")
        slots = np.repeat(order, self._column_places[order])
        kind_start = np.searchsorted(self._kind_of_column[slots], np.arange(len(self._size)))
        placed = np.flatnonzero(self._place >= 0)
        at = self._place[placed]
        columns[placed] = slots[kind_start[self._kind[at]] + at - self._start[self._kind[at]]]
        return columns

    def spread(self) -> float:
        """How much the values of one request differ at most; or the largest value, if some may stay without a place."""
        allowed = self._worth > FORBIDDEN
        some = allowed.any(axis=1)
        if not some.any():
            return 1.0
        highest = self._worth.max(axis=1)[some]
        lowest = np.where(allowed, self._worth, np.inf).min(axis=1)[some]
        largest = float((highest - lowest).max())
        if largest <= 0 or len(self._worth) > len(self._kind) or not allowed.all():
            largest = float(highest.max())
        return largest if largest > 0 else 1.0

    def auction(self, epsilon: float, budget: SolverBudget) -> bool:
        """All requests bid again, at the prices of before. False: the budget was spent before its end."""
        self._place[:] = NONE
        self._owner[:] = NONE
        while (waiting := np.flatnonzero(self._place == NONE)).size:
            if not budget.step():
                return False
            self._bid(waiting, epsilon)
        return self._lower(epsilon, budget)

    def bound(self) -> float:
        """The dual value: no assignment is worth more."""
        prices = self._prices()
        best = (self._worth - prices).max(axis=1, initial=0.0)
        return float((prices * self._size).sum() + best.sum())

    def _prices(self) -> FloatArray:
        """Per kind."""
        return np.minimum.reduceat(self._price, self._start)

    def _bid(self, waiting: IntArray, epsilon: float) -> None:
        """Requests that wait bid for the kind that is best for them, as much as brings it ε below their second best."""
        prices = self._prices()
        net = self._worth[waiting] - prices
        numbers = np.arange(len(waiting))
        best = net.argmax(axis=1)
        top = net[numbers, best]
        net[numbers, best] = FORBIDDEN
        second = net.max(axis=1, initial=0.0)
        out = top < 0
        self._place[waiting[out]] = _OUT
        bidders, best, top, second = waiting[~out], best[~out], top[~out], second[~out]
        bids = prices[best] + np.maximum(top - second, 0.0) + epsilon
        # The highest bid for a kind gets its cheapest place, the next the next, as long as it is above what that costs.
        order = np.lexsort((bidders, -bids, best))
        bidders, best, bids = bidders[order], best[order], bids[order]
        rank = np.arange(len(best)) - np.searchsorted(best, best)
        cheapest = np.lexsort((self._price, self._kind))
        within = rank < self._size[best]
        bidders, best, bids, rank = bidders[within], best[within], bids[within], rank[within]
        places = cheapest[self._start[best] + rank]
        wins = bids > self._price[places]
        places, new, bids = places[wins], bidders[wins], bids[wins]
        old = self._owner[places]
        self._place[old[old >= 0]] = NONE
        self._owner[places], self._place[new] = new, places
        self._price[places] = bids

    def _lower(self, epsilon: float, budget: SolverBudget) -> bool:
        """A kind with a place left lowers its price until a request gains by taking it, or it costs nothing."""
        free = np.flatnonzero((self._owner == NONE) & (self._price > 0)).tolist()
        while free:
            if not budget.step():
                return False
            place = free.pop()
            kind, prices = int(self._kind[place]), self._prices()
            if prices[kind] <= 0:
                continue
            having = np.where(self._place >= 0, self._kind[np.maximum(self._place, 0)], NONE)
            profit = np.where(having >= 0, self._worth[np.arange(len(having)), having] - prices[having], 0.0)
            gain = np.where(having == kind, FORBIDDEN, self._worth[:, kind] - profit)
            taker = int(gain.argmax())
            if gain[taker] <= epsilon:
                self._price[place] = 0.0
                continue
            gain[taker] = FORBIDDEN
            self._price[place] = min(max(0.0, float(gain.max(initial=0.0)) - epsilon), float(self._price[place]))
            left = int(self._place[taker])
            if left >= 0:
                self._owner[left] = NONE
                free.append(left)
            self._owner[place], self._place[taker] = taker, place
        return True
