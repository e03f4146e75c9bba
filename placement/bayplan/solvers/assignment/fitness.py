"""How good packings are by several criteria at once."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.problem import Problem


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each criterion counts; each is from 0 to 1, more is better. Raises `ValueError` unless one is above 0."""

    objective: float = 1.0
    """The sum of values, beside what it would be if every request had its best node to itself."""
    response_time: float = 0.0
    """What is left of the nodes of the requests, on average, since what shares a full node is slower; 0 for what waits."""
    utilisation: float = 0.0
    """How much is taken of the nodes that are used, on average."""
    success_rate: float = 0.0
    """The share of requests that are placed."""

    def __post_init__(self) -> None:
        """Check the weights."""
        for name, weight in self._named().items():
            if not 0 <= weight < np.inf:
                raise ValueError(f"{name} is {weight:g}: it must be a number, 0 or above")
        if not any(self._named().values()):
            raise ValueError(f"{', '.join(self._named())} are all 0: at least one must be above")

    def _named(self) -> dict[str, float]:
        return {
            "objectiveWeight": self.objective,
            "responseTimeWeight": self.response_time,
            "utilisationWeight": self.utilisation,
            "successRateWeight": self.success_rate,
        }


def fitness(problem: Problem, assignments: IntArray, values: FloatArray, weights: Weights) -> FloatArray:
    """The weighted mean of the criteria, shape (packings,). O(packings x (requests + nodes) x resources).

    How much is taken of a node: the largest share of what was free of any resource.
    """
    best = float(np.maximum(problem.value.max(axis=1), 0.0).sum()) or 1.0
    total = weights.objective * values / best
    placed = assignments >= 0
    if weights.success_rate:
        total += weights.success_rate * placed.mean(axis=1)
    if weights.response_time or weights.utilisation:
        taken = _taken(problem, assignments)
        packing = np.arange(len(assignments))[:, None]
        left = np.where(placed, 1.0 - taken[packing, np.maximum(assignments, 0)], 0.0)
        total += weights.response_time * left.mean(axis=1)
        used = taken > 0
        total += weights.utilisation * np.where(used, taken, 0.0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    return np.asarray(total / (weights.objective + weights.response_time + weights.utilisation + weights.success_rate))


def _taken(problem: Problem, assignments: IntArray) -> FloatArray:
    """Shape (packings, nodes)."""
    packings, nodes = len(assignments), problem.nodes
    packing, request = np.nonzero(assignments >= 0)
    place = packing * nodes + assignments[packing, request]
    taken = np.zeros((packings, nodes))
    for demand, free in zip(problem.demand.T, problem.free.T, strict=True):
        used = np.bincount(place, weights=demand[request], minlength=packings * nodes).reshape(packings, nodes)
        taken = np.maximum(taken, used / np.maximum(free, 1))
    return np.minimum(taken, 1.0)
