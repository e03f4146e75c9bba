"""From an answer of a relaxation to one that fits."""

from collections.abc import Callable

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.compact import Compact, unfolded
from bayplan.solvers.assignment.local_search import by_density, improved
from bayplan.solvers.assignment.packing_state import PackingState, fitted
from bayplan.solvers.assignment.problem import Problem

_WHOLE = 1e-6
"""An amount so little below a whole number is that number."""


def rounded(
    problem: Problem,
    compact: Compact,
    pairs: tuple[IntArray, IntArray, FloatArray],
    stop: Callable[[], bool],
) -> PackingState:
    """What the amounts' whole parts place, then their fractions, the largest first, then whatever betters it.

    `pairs`: group, node and amount, each of shape (pairs,). What the single GPUs do not hold, or would split a gang, is
    left out and tried again like everything else that waits.
    """
    groups, nodes, amounts = pairs
    counts = np.floor(amounts + _WHOLE).astype(np.int64)
    some = np.flatnonzero(counts)
    placed = unfolded(compact, list(zip(groups[some].tolist(), nodes[some].tolist(), counts[some].tolist(), strict=True)))
    state, _ = fitted(problem, placed)
    rest = amounts - counts
    for pair in np.argsort(-rest, kind="stable").tolist():
        if rest[pair] <= _WHOLE or stop():
            break
        members = compact.members(int(groups[pair]))
        waiting = members[state.assignment[members] < 0]
        if len(waiting):
            state.place(int(waiting[0]), int(nodes[pair]))
    without_split_gangs(state)
    improved(state, by_density(problem), stop)
    return state


def without_split_gangs(state: PackingState) -> None:
    """Take off what is placed of gangs that are not placed whole."""
    gang, placed = state.problem.gang, state.assignment >= 0
    split = np.intersect1d(gang[placed & (gang >= 0)], gang[~placed])
    for request in np.flatnonzero(placed & np.isin(gang, split)).tolist():
        state.remove(request)
