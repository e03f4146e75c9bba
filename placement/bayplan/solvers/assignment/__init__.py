"""Solvers for a whole batch at once, on plain arrays.

All are called alike: `solve(problem, start, budget, seed)`. They know nothing of clusters or requests, start from an
answer that the caller gives, and never return one that is worth less.
"""

from bayplan.solvers.assignment.problem import FORBIDDEN, Problem, Solution, SolverBudget

__all__ = ["FORBIDDEN", "Problem", "Solution", "SolverBudget"]
