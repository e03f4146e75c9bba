"""Problems in which every node is so many places alike, each for one request: the assignment problem."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.problem import FORBIDDEN, Problem

_CELLS = 20_000_000
"""So many values of request and place are looked at, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class AssignmentForm:
    """A problem as an assignment problem."""

    nodes: IntArray
    """Shape (columns,): the nodes that are looked at, ascending."""
    places: IntArray
    """Shape (columns,): how many places each has."""
    worth: FloatArray
    """Shape (requests, columns); `FORBIDDEN` where the request must not go."""
    complete: bool
    """Some best answer of the problem uses these nodes only."""


def assignment_form(problem: Problem, compact: Compact) -> AssignmentForm | None:
    """The form, or none if the problem has not got it. O(requests x nodes log nodes + requests x places).

    It has it if there are no gangs and either all requests ask for the same, so that a node is as many places as it holds
    of them, or no node holds two requests at once. Of the places, those stay that are among as many best ones of some
    request as there are requests, since the others can only take the rest away.
    """
    if (problem.gang >= 0).any():
        return None
    if _all_ask_the_same(problem):
        capacity = compact.room.max(axis=0)
    elif _one_at_a_time(compact):
        capacity = (compact.room > 0).any(axis=0).astype(np.int64)
    else:
        return None
    most = max(_CELLS // problem.requests, 1)
    wanted, complete = _wanted(compact, capacity, problem.requests, most)
    nodes = np.flatnonzero(wanted)
    places = np.minimum(capacity, problem.requests)[nodes]
    return AssignmentForm(nodes, places, compact.value[compact.group][:, nodes], complete)


def _all_ask_the_same(problem: Problem) -> bool:
    asked = np.column_stack((problem.demand, problem.gpu_count, np.where(problem.gpu_count > 0, problem.gpu_thousandths, 0)))
    return bool((asked == asked[0]).all())


def _one_at_a_time(compact: Compact) -> bool:
    """Whether on each node, of some column, the two smallest demands together exceed what is free."""
    excluded = (compact.room.astype(bool) * compact.size[:, None]).sum(axis=0) < 2
    for demand, free in zip(compact.demand.T, compact.free.T, strict=True):
        asked = np.where(compact.room > 0, demand[:, None], np.iinfo(np.int64).max // 2)
        twice = asked.repeat(np.minimum(compact.size, 2), axis=0)
        if len(twice) < 2:
            return True
        smallest = np.partition(twice, 1, axis=0)[:2].sum(axis=0)
        excluded |= smallest > free
    return bool(excluded.all())


def _wanted(compact: Compact, capacity: IntArray, requests: int, most: int) -> tuple[np.ndarray, bool]:
    """Nodes to look at, and whether these are all that matter. Beyond `most` places, those that fewer ranks put first."""
    wanted = np.full(len(capacity), np.iinfo(np.int64).max)
    for value in compact.value:
        order = np.argsort(-value, kind="stable")
        before = np.cumsum(capacity[order]) - capacity[order]
        matters = (before < requests) & (value[order] > FORBIDDEN)
        rank = np.flatnonzero(matters)
        wanted[order[rank]] = np.minimum(wanted[order[rank]], rank)
    order = np.argsort(wanted, kind="stable")
    matters = wanted[order] < np.iinfo(np.int64).max
    within = matters & (np.cumsum(np.minimum(capacity, requests)[order]) <= most)
    chosen = np.zeros(len(capacity), bool)
    chosen[order[within]] = True
    return chosen, bool((within == matters).all())
