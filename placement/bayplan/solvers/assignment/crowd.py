"""What genetic algorithm and ant colony have in common: many packings, made from orders and scores."""

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.candidates import candidates
from bayplan.solvers.assignment.compact import Compact
from bayplan.solvers.assignment.problem import NONE, Problem
from bayplan.solvers.kernels.construct import Packable, construct

_CHOICES = 32
"""About so many nodes are looked at for each group of requests."""
_SCORES = 2_000_000
"""So many scores are made for one crowd, at most: fewer choices, if there are many requests."""


class Crowd:
    """The choices of every request, and packings made of them."""

    def __init__(self, problem: Problem, compact: Compact, start: IntArray, packings: int, seed: int) -> None:
        self.problem = problem
        many = min(_CHOICES, max(_SCORES // (packings * problem.requests), 4))
        chosen = candidates(compact, start, many * len(compact.size), seed)
        width = max(int(chosen.sum(axis=1).max()), 1)
        self.group_choices: IntArray = np.full((len(chosen), width), NONE, np.int64)
        """Shape (groups, choices): nodes, those of most value first; -1 where there are no more."""
        for group, allowed in enumerate(chosen):
            nodes = np.flatnonzero(allowed)
            self.group_choices[group, : len(nodes)] = nodes[np.argsort(-compact.value[group, nodes], kind="stable")]
        self.choices = self.group_choices[compact.group]
        """Shape (requests, choices)."""
        self._packable = _packable(problem, self.choices)

    def worth(self) -> FloatArray:
        """Shape (requests, choices): each choice's value beside the best of the request, from 0 to 1."""
        value = np.take_along_axis(self.problem.value, np.maximum(self.choices, 0), axis=1)
        value = np.where(self.choices >= 0, value, 0.0)
        return np.asarray(value / np.maximum(value.max(axis=1, keepdims=True), 1e-300))

    def packed(self, order: IntArray, scores: FloatArray) -> IntArray:
        """Assignments, shape (packings, requests)."""
        return construct(order, scores, self._packable)

    def values(self, assignments: IntArray) -> FloatArray:
        """The sum of values of each assignment, shape (packings,)."""
        requests = np.arange(self.problem.requests)
        own = self.problem.value[requests, np.maximum(assignments, 0)]
        return np.asarray(np.where(assignments >= 0, own, 0.0).sum(axis=1))

    def positions(self, assignments: IntArray) -> IntArray:
        """Shape (packings, requests): which of its choices each has; -1 if none of them."""
        same = (self.choices == assignments[..., None]) & (assignments >= 0)[..., None]
        return np.where(same.any(axis=-1), same.argmax(axis=-1), NONE)


def _packable(problem: Problem, choices: IntArray) -> Packable:
    gang = np.full(problem.requests, NONE, np.int64)
    members = problem.gang >= 0
    if members.any():
        gang[members] = np.unique(problem.gang[members], return_inverse=True)[1]
    figures = (problem.demand, problem.free, problem.gpu_count, problem.gpu_thousandths, problem.gpu_free, gang)
    return Packable(np.ascontiguousarray(choices), *(np.ascontiguousarray(each, np.int64) for each in figures))
