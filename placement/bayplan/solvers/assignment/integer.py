"""Integer program: branch and bound over whole requests and whole gangs."""

from dataclasses import replace

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.solvers.assignment.compact import Compact, compacted
from bayplan.solvers.assignment.lagrangian import Priced, ceiling, reached
from bayplan.solvers.assignment.linear import better, relaxed_and_rounded
from bayplan.solvers.assignment.mixed import search
from bayplan.solvers.assignment.neighbourhood import improved_by_programs
from bayplan.solvers.assignment.packing_state import PackingState, started
from bayplan.solvers.assignment.problem import Problem, Solution, SolverBudget
from bayplan.solvers.assignment.relaxation import SolverError, program
from bayplan.solvers.assignment.rounding import rounded

_LARGEST = 400
"""So many pairs of group and node are in one program at most."""
_BRANCHES = 64
"""Nodes of the search tree in the first program; each further one starts again and may have eight times as many."""
_ATTEMPTS = 3
_GAP = 1e-9


def solve(problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0) -> Solution:
    """Branch and cut by HiGHS (Huangfu and Hall 2018). Exact where 400 pairs of group and node can matter, or fewer.

    First as in `linear.solve`. What the bound shows to be in no better answer is left out (reduced-cost fixing, Dantzig,
    Fulkerson and Johnson 1954). If 400 pairs are left or fewer, they are one program. If more are left, programs of a few
    nodes at a time better the answer until many in a row do not (large neighbourhood search, Shaw 1998), and the bound is
    that of the relaxation. A step is one program; HiGHS cannot be stopped within one, but ends it after 10 s. Exponential in
    the 400 pairs.
    """
    state = started(problem, start)
    if budget.over():
        return state.solution(finished=False)
    compact = compacted(problem)
    if reached(state.value, ceiling(compact)):
        return replace(state.solution(state.value), shadow_prices=np.zeros(problem.free.shape))
    try:
        best, found = relaxed_and_rounded(compact, state, budget, seed)
        if found is None:
            return best.solution(finished=False)
        bound, prices = found.at_prices.bound, compact.own_prices(found.prices)
        pairs = _worthwhile(found.at_prices, best.value)
        if pairs.sum() <= _LARGEST:
            best, bound, finished = _solved(problem, compact, pairs, best, budget, bound)
        else:
            best, finished = improved_by_programs(best, budget, seed)
    except SolverError as error:
        return state.solution(finished=False, note=f"HiGHS: {error}")
    return replace(best.solution(max(bound, best.value), finished), shadow_prices=prices)


def _worthwhile(at_prices: Priced, value: float) -> BoolArray:
    """Pairs that an answer may have which is worth more than the value."""
    return np.asarray(at_prices.loss < at_prices.bound - value - _GAP * abs(value))


def _solved(
    problem: Problem, compact: Compact, pairs: BoolArray, best: PackingState, budget: SolverBudget, bound: float
) -> tuple[PackingState, float, bool]:
    """The best answer of these pairs, the bound, and whether the search came to its end."""
    if not pairs.any():
        return best, best.value, True
    made, branches = program(compact, pairs), _BRANCHES
    for _ in range(_ATTEMPTS):
        if not budget.step():
            return best, bound, False
        found = search(problem, compact, made, branches)
        if found.amounts is not None:
            best = better(best, rounded(problem, compact, (made.groups, made.nodes, found.amounts), budget.stop))
        bound = min(bound, max(found.bound, best.value))
        if bound <= best.value * (1 + _GAP):
            return best, best.value, True
        if found.ended:
            return best, bound, True
        branches *= 8
    return best, bound, True
