"""Ant colony: packings made at random, more and more like the best so far."""

from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.solvers.assignment.compact import Compact, compacted
from bayplan.solvers.assignment.crowd import Crowd
from bayplan.solvers.assignment.lagrangian import ceiling, reached
from bayplan.solvers.assignment.local_search import by_density, improved
from bayplan.solvers.assignment.packing_state import PackingState, fitted, started
from bayplan.solvers.assignment.problem import Problem, Solution, SolverBudget

_SPREAD = 0.2
_FEW = 200
"""Up to so many requests the best of every fifth iteration is bettered by local search, whether it is a new best or not."""
_LEAST_WORTH = 1e-3
_FRUITLESS = 25
"""After so many iterations without a better answer the pheromone is laid again."""
_BEST_SO_FAR = 5
"""The best so far lays pheromone in every fifth iteration, the best of the iteration in the others."""


@dataclass(frozen=True, slots=True)
class AntColonySettings:
    """How it searches. Raises `ValueError`."""

    ants: int = 20
    iterations: int = 100
    evaporation: float = 0.2
    """The share of the pheromone that is lost in one iteration."""
    pheromone_power: float = 1.0
    value_power: float = 2.0

    def __post_init__(self) -> None:
        """Check the figures."""
        for name, count in (("ants", self.ants), ("iterations", self.iterations)):
            if count < 1:
                raise ValueError(f"{name} is {count}: it must be at least 1")
        if not 0 < self.evaporation < 1:
            raise ValueError(f"evaporation is {self.evaporation:g}: it must be above 0 and below 1")
        for name, power in (("pheromonePower", self.pheromone_power), ("valuePower", self.value_power)):
            if not 0 <= power <= 10:
                raise ValueError(f"{name} is {power:g}: it must be from 0 to 10")


DEFAULT = AntColonySettings()


def solve(
    problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0, settings: AntColonySettings = DEFAULT
) -> Solution:
    """MAX-MIN ant system (Stützle and Hoos 2000); for assignment with capacities, Lourenço and Serra (2002).

    Pheromone lies on (group of requests alike, node). An ant takes the requests by value for what they ask, somewhat at
    random, and draws a node with room for each, as likely as pheromone^a x (value / best value)^b. What betters the best
    so far is bettered further by local search. A step is an iteration, O(ants x requests x choices x resources).
    """
    state = started(problem, start)
    if budget.over():
        return state.solution(finished=False)
    compact = compacted(problem)
    most = ceiling(compact)
    colony = _Colony(problem, compact, state, settings, seed)
    for _ in range(settings.iterations):
        if reached(colony.best.value, most):
            break
        if not budget.step():
            return colony.best.solution(most, finished=False)
        colony.iterate(budget)
    return colony.best.solution(max(most, colony.best.value))


class _Colony:
    def __init__(self, problem: Problem, compact: Compact, start: PackingState, settings: AntColonySettings, seed: int) -> None:
        self.best = start
        self._crowd = Crowd(problem, compact, start.assignment, settings.ants, seed)
        self._compact, self._settings = compact, settings
        self._draw = np.random.default_rng([seed, 3])
        self._density = by_density(problem)
        self._wish = np.maximum(self._crowd.worth(), _LEAST_WORTH) ** settings.value_power
        self._most = 1.0 / settings.evaporation
        self._least = self._most / (2.0 * self._crowd.choices.shape[1])
        self._pheromone = np.full(self._crowd.group_choices.shape, self._most)
        self._eager = np.full(len(compact.size), self._most)
        self._made = self._since = 0

    def iterate(self, budget: SolverBudget) -> None:
        """All ants once."""
        ants, requests = self._settings.ants, len(self._density)
        rank = np.empty(requests)
        rank[self._density] = np.arange(requests) / requests
        noise = self._draw.normal(0.0, _SPREAD, (ants, requests))
        noise[0] = 0.0
        hurry = (self._eager / self._most)[self._compact.group]
        order = np.argsort(rank + noise - hurry, axis=1, kind="stable")
        likely = self._pheromone[self._compact.group] ** self._settings.pheromone_power * self._wish
        # The largest of likely / exponential lots is each choice with a chance in proportion to how likely it is.
        lots = self._draw.exponential(size=(ants, *likely.shape))
        assignments = self._crowd.packed(order, likely / np.maximum(lots, 1e-300))
        values = self._crowd.values(assignments)
        top = int(values.argmax())
        self._made += 1
        self._since += 1
        if values[top] > self.best.value or (self._made % _BEST_SO_FAR == 1 and requests <= _FEW) or self._made == 1:
            found, _ = fitted(self._crowd.problem, assignments[top])
            improved(found, self._density, budget.stop)
            if found.value > self.best.value:
                self.best, self._since = found, 0
        if self._since >= _FRUITLESS:
            self._pheromone[:], self._eager[:], self._since = self._most, self._most, 0
        self._lay(self.best.assignment if self._made % _BEST_SO_FAR == 0 else assignments[top])

    def _lay(self, assignment: IntArray) -> None:
        positions = self._crowd.positions(assignment[None])[0]
        placed = np.flatnonzero(positions >= 0)
        self._pheromone *= 1.0 - self._settings.evaporation
        self._eager *= 1.0 - self._settings.evaporation
        group = self._compact.group[placed]
        np.add.at(self._eager, group, 1.0 / self._compact.size[group])
        np.add.at(self._pheromone, (group, positions[placed]), 1.0 / self._compact.size[group])
        np.clip(self._pheromone, self._least, self._most, out=self._pheromone)
