"""An auction of shares of nodes, for requests that ask for different things."""

import heapq

import numpy as np

from bayplan.model.arrays import FloatArray
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.lagrangian import priced
from bayplan.solvers.assignment.linear import better
from bayplan.solvers.assignment.local_search import by_density, filled, improved
from bayplan.solvers.assignment.packing_state import PackingState
from bayplan.solvers.assignment.problem import FORBIDDEN, Problem, Solution, SolverBudget

_BIDS = 50
"""A request gives up after so many bids."""
_SCALES = (1.0, 0.5, 0.25, 0.1, 0.0)


def auctioned(problem: Problem, compact: Compact, start: PackingState, budget: SolverBudget, precision: float) -> Solution:
    """Every node has one price per share of itself; a request that asks for more of it pays more.

    A request that waits bids for the node where its value less the price is best. It bids what keeps it as well off as at
    its second best. If there is no room, requests that bid less for a share give way, the lowest bid first; the price
    follows what they had bid. If that makes no room, the price follows the bid, so that the request goes elsewhere.
    Then what waits is tried once more, gangs whole, and local search betters it. After the idea of Bertsekas (1988), without
    its guarantee: the bound is the Lagrangian of the prices, and may be far off. A step is a bid, O(nodes x resources); at
    most 50 for each request.
    """
    asked = _shares(compact)
    auction = _Auction(problem, compact, asked, precision)
    order = by_density(problem)
    filled(auction.state, order[problem.gang[order] >= 0], budget.stop)
    finished = auction.run(order[problem.gang[order] < 0].tolist(), budget)
    filled(auction.state, order, budget.stop)
    improved(auction.state, order, budget.stop)
    best = better(start, auction.state)
    shares = np.divide(1.0, compact.free, out=np.zeros(compact.free.shape), where=compact.free > 0)
    bound = min(priced(compact, scale * auction.price[:, None] * shares).bound for scale in _SCALES)
    return best.solution(max(bound, best.value), finished and not budget.stop(), "bids for shares of nodes")


def _shares(compact: Compact) -> FloatArray:
    """Shape (groups, nodes): what a request asks of a node, the sum of its shares of all that is free there."""
    per_unit = np.divide(1.0, compact.free, out=np.zeros(compact.free.shape), where=compact.free > 0)
    return np.asarray(np.maximum(compact.demand @ per_unit.T, 1e-9))


class _Auction:
    def __init__(self, problem: Problem, compact: Compact, asked: FloatArray, precision: float) -> None:
        self.state = PackingState(problem)
        self.price: FloatArray = np.zeros(problem.nodes)
        self._problem, self._compact, self._asked, self._precision = problem, compact, asked, precision
        self._bid = np.zeros(problem.requests)
        self._made = np.zeros(problem.requests, np.int64)

    def run(self, order: list[int], budget: SolverBudget) -> bool:
        """Let all bid until no request wants to; false if the budget was spent before."""
        queue = [(rank, request) for rank, request in enumerate(order)]
        heapq.heapify(queue)
        rank = {request: number for number, request in queue}
        while queue:
            if not budget.step():
                return False
            _, request = heapq.heappop(queue)
            for other in self._turn(request):
                if self._made[other] < _BIDS:
                    heapq.heappush(queue, (rank[other] + len(order) * int(self._made[other]), other))
        return True

    def _turn(self, request: int) -> list[int]:
        """One bid; answers which requests have to bid again."""
        group = int(self._compact.group[request])
        net = self._compact.value[group] - self.price * self._asked[group]
        node = int(net.argmax())
        top = float(net[node])
        if top < 0:
            return []
        net[node] = FORBIDDEN
        second = max(float(net.max()), 0.0)
        share = float(self._asked[group, node])
        least = self._precision * float(self._compact.value[group, node]) / share
        bid = float(self.price[node]) + (top - second) / share + least
        self._made[request] += 1
        self._bid[request] = bid
        outbid = self._make_room(request, node, bid)
        if outbid is None:
            self.price[node] = bid
            return [request]
        if outbid:
            self.price[node] = max(float(self.price[node]) + least, *(float(self._bid[each]) for each in outbid))
        return outbid

    def _make_room(self, request: int, node: int, bid: float) -> list[int] | None:
        """Place the request; answers which requests had to give way, or none if that does not help."""
        if self.state.place(request, node):
            return []
        mark, gone = self.state.mark(), []
        there = np.flatnonzero((self.state.assignment == node) & (self._problem.gang < 0))
        for other in there[np.argsort(self._bid[there], kind="stable")].tolist():
            if self._bid[other] >= bid:
                break
            self.state.remove(other)
            gone.append(other)
            if self.state.place(request, node):
                return gone
        self.state.undo(mark)
        return None
