"""Making a packing better step by step: fill, move, exchange, put in the place of another."""

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.packing_state import PackingState
from bayplan.solvers.assignment.problem import FORBIDDEN, NONE, Problem

_PASSES = 20
_TRIES = 10
"""Of the candidates for one step that look best, so many are tried."""
_WISHING = 1_000
_LEAST = 1e-9
"""A step must better the value by this share of the largest value."""


def improved(state: PackingState, order: IntArray, stop: Callable[[], bool]) -> None:
    """Fill, then move, exchange and replace until nothing helps, 20 times at most. The value never falls.

    O(requests x nodes x resources + placed^2) for each pass. `order`: the requests as they are tried.
    """
    for _ in range(_PASSES):
        before = state.value
        filled(state, order, stop)
        _moved(state, stop)
        _exchanged(state, stop)
        _replaced(state, order, stop)
        if stop() or state.value <= before + _least(state.problem):
            return


def filled(state: PackingState, order: IntArray, stop: Callable[[], bool]) -> None:
    """Place what waits and still fits, each where it is worth most, of equals where least is left. Gangs whole or not."""
    problem = state.problem
    gangs: dict[int, list[int]] = {}
    for request in order[problem.gang[order] >= 0].tolist():
        gangs.setdefault(int(problem.gang[request]), []).append(request)
    fruitless: set[tuple[object, ...]] = set()
    for request in order[state.assignment[order] < 0].tolist():
        if stop():
            return
        if state.assignment[request] >= 0:
            continue
        gang = int(problem.gang[request])
        if gang >= 0:
            place_all(state, gangs.pop(gang, []))
            continue
        alike = _likeness(problem, request)
        if alike not in fruitless and best_place(state, request) < 0:
            fruitless.add(alike)


def place_all(state: PackingState, requests: list[int]) -> bool:
    """Place all of them, each where it is worth most, or none."""
    mark = state.mark()
    for request in requests:
        if best_place(state, request) < 0:
            state.undo(mark)
            return False
    return bool(requests)


def best_place(state: PackingState, request: int) -> int:
    """Place a waiting request where it is worth most, of equals where least is left; answers the node, -1 if none has room."""
    problem = state.problem
    worth = np.where(state.fits(request), problem.value[request], FORBIDDEN)
    top = worth.max()
    if top == FORBIDDEN:
        return NONE
    ties = np.flatnonzero(worth >= top * (1 - _LEAST))
    if len(ties) > 1:
        scale = np.maximum(problem.free.max(axis=0), 1)
        left = (state.free[ties] / scale).sum(axis=1) + state.gpu_free[ties].sum(axis=1) / 1e6
        ties = ties[[np.argmin(left)]]
    node = int(ties[0])
    if not state.place(request, node):
        raise AssertionError(f"request {request} fits node {node} and yet does not")
    return node


def by_density(problem: Problem) -> IntArray:
    """The requests by value for what they ask, the most first; those of a gang together.

    What they ask: the sum of the shares of all that is free (Toyoda 1975, with all capacities alike scarce).
    """
    total = np.maximum(problem.free.sum(axis=0), 1)
    asked = (problem.demand / total).sum(axis=1) + problem.gpu_count * problem.gpu_thousandths / max(problem.gpu_free.sum(), 1)
    worth = np.maximum(problem.value.max(axis=1), 0.0)
    members = np.flatnonzero(problem.gang >= 0)
    if len(members):
        _, gang = np.unique(problem.gang[members], return_inverse=True)
        for figures in (worth, asked):
            figures[members] = np.bincount(gang, weights=figures[members])[gang]
    density = worth / np.maximum(asked, 1e-12)
    return np.lexsort((problem.gang, -density))


def _moved(state: PackingState, stop: Callable[[], bool]) -> None:
    """Each placed request to where it is worth more, if there is room."""
    problem, least = state.problem, _least(state.problem)
    placed = np.flatnonzero(state.assignment >= 0)
    could = problem.value[placed].max(axis=1) > _own(state, placed) + least
    for request in placed[could].tolist():
        if stop():
            return
        node = int(state.assignment[request])
        mark = state.mark()
        state.remove(request)
        to = best_place(state, request)
        if to < 0 or problem.value[request, to] <= problem.value[request, node] + least:
            state.undo(mark)


def _exchanged(state: PackingState, stop: Callable[[], bool]) -> None:
    """Two placed requests change places if that is worth more in all; those that gain most first."""
    problem, least = state.problem, _least(state.problem)
    placed = np.flatnonzero(state.assignment >= 0)
    # One of the two has to gain: of those that would be worth more elsewhere, the thousand that would be most.
    wish = problem.value[placed].max(axis=1) - _own(state, placed)
    wishing = placed[np.argsort(-wish, kind="stable")[: min(int((wish > least).sum()), _WISHING)]]
    there = problem.value[np.ix_(wishing, state.assignment[placed])]
    back = problem.value[np.ix_(placed, state.assignment[wishing])].T
    gain = there + back - _own(state, wishing)[:, None] - _own(state, placed)
    pairs = np.argwhere(gain > least)
    pairs = pairs[np.argsort(-gain[pairs[:, 0], pairs[:, 1]], kind="stable")][: _TRIES * len(placed)]
    settled: set[int] = set()
    for one, other in zip(wishing[pairs[:, 0]].tolist(), placed[pairs[:, 1]].tolist(), strict=True):
        if stop():
            return
        if one in settled or other in settled:
            continue
        mark, to, back_to = state.mark(), int(state.assignment[other]), int(state.assignment[one])
        state.remove(one)
        state.remove(other)
        if state.place(one, to) and state.place(other, back_to):
            settled |= {one, other}
        else:
            state.undo(mark)


def _replaced(state: PackingState, order: IntArray, stop: Callable[[], bool]) -> None:
    """A waiting request in the place of one that is worth less there, which goes elsewhere if there is room."""
    problem, least = state.problem, _least(state.problem)
    for request in order[(state.assignment[order] < 0) & (problem.gang[order] < 0)].tolist():
        if stop():
            return
        before = state.value
        for other in _in_the_way(state, request):
            mark, node = state.mark(), int(state.assignment[other])
            state.remove(other)
            if state.place(request, node):
                best_place(state, other)
                if state.value > before + least:
                    break
            state.undo(mark)


def _in_the_way(state: PackingState, request: int) -> list[int]:
    """Placed requests without which there would be room, the best exchanges first."""
    problem = state.problem
    placed = np.flatnonzero((state.assignment >= 0) & (problem.gang < 0))
    nodes = state.assignment[placed]
    enough = (state.free[nodes] + problem.demand[placed] >= problem.demand[request]).all(axis=1)
    gain = np.where(enough, problem.value[request, nodes] - _own(state, placed), FORBIDDEN)
    best = np.argsort(-gain, kind="stable")[:_TRIES]
    return [int(placed[number]) for number in best.tolist() if gain[number] > FORBIDDEN]


def _own(state: PackingState, placed: IntArray) -> FloatArray:
    return state.problem.value[placed, state.assignment[placed]]


def _least(problem: Problem) -> float:
    return _LEAST * max(float(problem.value.max()), 0.0)


def _likeness(problem: Problem, request: int) -> tuple[object, ...]:
    gpus = (int(problem.gpu_count[request]), int(problem.gpu_thousandths[request]))
    return blake2b(problem.value[request].tobytes()).digest(), problem.demand[request].tobytes(), *gpus
