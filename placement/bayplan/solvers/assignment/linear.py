"""Linear program: solved as if requests could be split, then rounded."""

from dataclasses import replace

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.assignment.compact import Compact, compacted
from bayplan.solvers.assignment.lagrangian import ceiling, reached
from bayplan.solvers.assignment.packing_state import PackingState, started
from bayplan.solvers.assignment.problem import Problem, Solution, SolverBudget
from bayplan.solvers.assignment.relaxation import Relaxed, SolverError, relaxations
from bayplan.solvers.assignment.rounding import rounded


def solve(problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0) -> Solution:
    """The relaxation's optimum by HiGHS (Huangfu and Hall 2018), rounded and repaired; its duals as shadow prices.

    A step is one linear program; HiGHS cannot be stopped within one, but ends it after 10 s. Exponential at worst, in
    practice about pairs^1.5 of some 12,000 pairs of group and node, plus O(requests x nodes x resources).
    """
    state = started(problem, start)
    if budget.over():
        return state.solution(finished=False)
    compact = compacted(problem)
    if reached(state.value, ceiling(compact)):
        return replace(state.solution(state.value), shadow_prices=np.zeros(problem.free.shape))
    try:
        best, found = relaxed_and_rounded(compact, state, budget, seed)
    except SolverError as error:
        return state.solution(finished=False, note=f"HiGHS: {error}")
    if found is None:
        return best.solution(finished=False)
    finished = found.finished and not budget.stop()
    answer = best.solution(max(found.at_prices.bound, best.value), finished)
    return replace(answer, shadow_prices=compact.own_prices(found.prices))


def relaxed_and_rounded(
    compact: Compact, state: PackingState, budget: SolverBudget, seed: int
) -> tuple[PackingState, Relaxed | None]:
    """The best of a packing and the roundings of the first and of the last relaxation; and the last. Raises `SolverError`.

    The first is rounded at once, so that there is something if time runs out in a later one.
    """
    best, found = state, None
    for each in relaxations(compact, state.assignment, budget, seed):
        if found is None or each.finished:
            made = each.program
            best = better(best, rounded(state.problem, compact, (made.groups, made.nodes, each.amounts), budget.stop))
        found = each
    return best, found


def better(one: PackingState, other: PackingState) -> PackingState:
    """The one that is worth more; the first of equals."""
    return other if other.value > one.value else one
