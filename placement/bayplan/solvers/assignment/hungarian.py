"""Assignment: the best matching of requests and places."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.compact import compacted
from bayplan.solvers.assignment.lagrangian import ceiling, reached
from bayplan.solvers.assignment.linear import better
from bayplan.solvers.assignment.local_search import by_density, filled, improved
from bayplan.solvers.assignment.packing_state import PackingState, fitted, started
from bayplan.solvers.assignment.places import assignment_form
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, Problem, Solution, SolverBudget
from bayplan.solvers.assignment.rounding import without_split_gangs

ROUNDS = "not one assignment problem, so matched in rounds"


def solve(problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0) -> Solution:
    """Exact where `assignment_form` applies: no gangs, and equal demands, or one request to a node. O(requests^2 x places).

    Shortest augmenting paths (Jonker and Volgenant 1987; Crouse 2016), which scipy has in the place of Kuhn's Hungarian
    method (1955). Elsewhere matchings in rounds, each of what still waits with one place on every node, then local search;
    without a bound. A step is one matching; scipy cannot be stopped within one. `seed` does not count.
    """
    state = started(problem, start)
    if not budget.step():
        return state.solution(finished=False)
    compact = compacted(problem)
    most = ceiling(compact)
    if reached(state.value, most):
        return state.solution(state.value)
    form = assignment_form(problem, compact)
    if form is None:
        found, finished = _in_rounds(problem, budget)
        best = better(state, found)
        return best.solution(max(most, best.value), finished, ROUNDS)
    column = np.repeat(np.arange(len(form.nodes)), form.places)
    rows, places = _matching(form.worth[:, column])
    assignment = np.full(problem.requests, NONE, np.int64)
    assignment[rows] = form.nodes[column[places]]
    found, _ = fitted(problem, assignment)
    filled(found, by_density(problem), budget.stop)
    best = better(state, found)
    note = "" if form.complete else "the best places of each request only"
    return best.solution(best.value if form.complete else max(most, best.value), note=note)


def _matching(worth: FloatArray) -> tuple[IntArray, IntArray]:
    """Rows and columns of the best matching, in which a row may stay alone."""
    # scipy is imported where it is used: its import takes longer than all of ours, and few commands need it.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.maximum(worth, 0.0), maximize=True)
    allowed = worth[rows, columns] > FORBIDDEN
    return rows[allowed].astype(np.int64), columns[allowed].astype(np.int64)


def _in_rounds(problem: Problem, budget: SolverBudget) -> tuple[PackingState, bool]:
    """Matchings until one places nothing. Gangs first, which no matching keeps together."""
    state, order = PackingState(problem), by_density(problem)
    filled(state, order[problem.gang[order] >= 0], budget.stop)
    while True:
        waiting = np.flatnonzero((state.assignment < 0) & (problem.gang < 0))
        fitting = np.array([state.fits(request) for request in waiting.tolist()]).reshape(-1, problem.nodes)
        waiting, fitting = waiting[fitting.any(axis=1)], fitting[fitting.any(axis=1)]
        rows, columns = _matching(np.where(fitting, problem.value[waiting], FORBIDDEN))
        placed = [state.place(int(waiting[row]), int(column)) for row, column in zip(rows, columns, strict=True)]
        if not any(placed):
            # No request that waits fits, but for those that are worth nothing.
            improved(state, order, budget.stop)
            return state, not budget.stop()
        if not budget.step():
            without_split_gangs(state)
            filled(state, order, budget.stop)
            return state, False
