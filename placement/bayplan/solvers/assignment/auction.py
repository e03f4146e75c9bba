"""Auction: requests bid for places, and prices rise until every request is content."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.assignment.bidding import Bidding
from bayplan.solvers.assignment.capacity_auction import auctioned
from bayplan.solvers.assignment.compact import compacted
from bayplan.solvers.assignment.lagrangian import ceiling, reached
from bayplan.solvers.assignment.linear import better
from bayplan.solvers.assignment.local_search import by_density, filled
from bayplan.solvers.assignment.packing_state import fitted, started
from bayplan.solvers.assignment.places import assignment_form
from bayplan.solvers.assignment.problem import NONE, Problem, Solution, SolverBudget

PRECISION = 1e-3
_FIRST, _FACTOR = 0.25, 5.0


def solve(problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0, precision: float = PRECISION) -> Solution:
    """Forward and reverse auction with ε-scaling where `assignment_form` applies, else bids for shares of nodes.

    The first is Bertsekas' (1988; with more places than requests and the reverse, Bertsekas and Castañon 1992): the answer
    is at most requests x ε below the optimum, and ε is `precision` x the spread of values / requests at the end: so one
    thousandth of what one request can gain or lose. Places of the same worth to all requests have one price (similar objects,
    Bertsekas and Castañon 1989). A step is a round: all requests without a place bid at once, O(requests x places). Up to
    about places x log(spread / ε) rounds. The bound is the dual value of the prices. The second: see `capacity_auction`.
    `seed` does not count.
    """
    if not 0 < precision < 1:
        raise ValueError(f"precision is {precision}: it must be above 0 and below 1")
    state = started(problem, start)
    if not budget.step():
        return state.solution(finished=False)
    compact = compacted(problem)
    most = ceiling(compact)
    if reached(state.value, most):
        return state.solution(state.value)
    form = assignment_form(problem, compact)
    if form is None:
        return auctioned(problem, compact, state, budget, precision)
    bidding = Bidding(form.worth, form.places)
    spread = bidding.spread()
    least = spread * precision / problem.requests
    epsilon = max(spread * _FIRST, least)
    while True:
        finished = bidding.auction(epsilon, budget)
        if not finished or epsilon <= least:
            break
        epsilon = max(epsilon / _FACTOR, least)
    assignment = np.full(problem.requests, NONE, np.int64)
    columns = bidding.columns()
    placed = np.flatnonzero(columns >= 0)
    assignment[placed] = form.nodes[columns[placed]]
    found, _ = fitted(problem, assignment)
    filled(found, by_density(problem), budget.stop)
    best = better(state, found)
    note = f"requests x ε is {problem.requests * epsilon:.3g}" if finished else ""
    bound = min(bidding.bound(), most) if form.complete else most
    return best.solution(max(bound, best.value), finished, note)
