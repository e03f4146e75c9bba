"""Bettering a packing by exact programs of a few nodes at a time."""

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import WHOLE
from bayplan.solvers.assignment.compact import compacted
from bayplan.solvers.assignment.mixed import search
from bayplan.solvers.assignment.packing_state import PackingState
from bayplan.solvers.assignment.problem import FORBIDDEN, Problem, SolverBudget
from bayplan.solvers.assignment.relaxation import program
from bayplan.solvers.assignment.rounding import rounded

_NODES = 4
_REQUESTS = 24
_BRANCHES = 32
_FRUITLESS = 25
_LEAST = 1e-9


def improved_by_programs(state: PackingState, budget: SolverBudget, seed: int) -> tuple[PackingState, bool]:
    """The packing, bettered, and whether it ended before the budget. It ends after 25 programs in a row that do not help.

    Large neighbourhood search (Shaw 1998): 4 nodes, what is on them, and some that wait for them are placed again. Gangs
    stay where they are. A step is one program.
    """
    draw = np.random.default_rng([seed, 1])
    best, fruitless = state, 0
    while fruitless < _FRUITLESS:
        if not budget.step():
            return best, False
        requests, nodes = _chosen(state, draw)
        found = _placed_anew(state, requests, nodes, budget)
        least = _LEAST * abs(state.value)
        fruitless = 0 if found.value > state.value + least else fruitless + 1
        if found.value >= state.value - least:
            # An answer of the same value is another place to go on from.
            best, state = (found if found.value > best.value else best), found
    return best, True


def _chosen(state: PackingState, draw: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Nodes, one of which has what another request would gain by; what is on them; and some that wait."""
    problem = state.problem
    movable = np.flatnonzero((problem.gang < 0) & (problem.value.max(axis=1) > _own(state)))
    if not len(movable):
        movable = np.arange(problem.requests)
    wishing = int(draw.choice(movable))
    worth = np.where(problem.value[wishing] > FORBIDDEN, problem.value[wishing], 0.0)
    order = np.lexsort((draw.random(problem.nodes), -worth))
    wished = order[: 2 * _NODES]
    chosen = draw.permutation(wished)[: _NODES - 1]
    other = draw.integers(problem.nodes)
    nodes = np.unique(np.append(chosen, [other] if state.assignment[wishing] < 0 else [other, state.assignment[wishing]]))
    there = np.flatnonzero(np.isin(state.assignment, nodes) & (problem.gang < 0))
    waiting = np.flatnonzero((state.assignment < 0) & (problem.gang < 0) & (problem.value[:, nodes] > FORBIDDEN).any(axis=1))
    many = min(len(waiting), max(_REQUESTS - len(there), _REQUESTS // 4))
    return np.unique(np.concatenate((there, draw.permutation(waiting)[:many]))), nodes


def _own(state: PackingState) -> IntArray:
    problem = state.problem
    own = problem.value[np.arange(problem.requests), np.maximum(state.assignment, 0)]
    return np.where(state.assignment >= 0, own, 0.0)


def _placed_anew(state: PackingState, requests: IntArray, nodes: IntArray, budget: SolverBudget) -> PackingState:
    """The packing with these requests placed again on these nodes. What else is on them stays there."""
    if not len(requests):
        return state
    made = state.copy()
    for request in requests[made.assignment[requests] >= 0].tolist():
        made.remove(request)
    problem = state.problem
    part = Problem(
        np.where(_possible(made, requests, nodes), problem.value[np.ix_(requests, nodes)], FORBIDDEN),
        problem.demand[requests],
        made.free[nodes],
        problem.gpu_count[requests],
        problem.gpu_thousandths[requests],
        np.minimum(made.gpu_free[nodes], WHOLE),
        problem.gang[requests],
    )
    compact = compacted(part)
    pairs = compact.value > FORBIDDEN
    if not pairs.any():
        return state
    programmed = program(compact, pairs)
    found = search(part, compact, programmed, _BRANCHES)
    if found.amounts is None:
        return state
    packed = rounded(part, compact, (programmed.groups, programmed.nodes, found.amounts), budget.stop)
    for number, request in enumerate(requests.tolist()):
        if packed.assignment[number] >= 0 and not made.place(
            request, int(nodes[packed.assignment[number]]), packed.devices(number)
        ):
            raise AssertionError(f"request {request} fits alone and yet does not")
    return made


def _possible(made: PackingState, requests: IntArray, nodes: IntArray) -> np.ndarray:
    """Shape (requests, nodes): it fits there if nothing else comes."""
    return np.array([made.fits(request)[nodes] for request in requests.tolist()])
