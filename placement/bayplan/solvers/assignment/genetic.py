"""Genetic algorithm: packings that are selected, crossed and mutated."""

from dataclasses import dataclass, field

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.assignment.compact import compacted
from bayplan.solvers.assignment.crowd import Crowd
from bayplan.solvers.assignment.fitness import Weights, fitness
from bayplan.solvers.assignment.lagrangian import ceiling, reached
from bayplan.solvers.assignment.local_search import by_density, improved
from bayplan.solvers.assignment.packing_state import PackingState, fitted, started
from bayplan.solvers.assignment.problem import Problem, Solution, SolverBudget

_ELITE = 2
_TOURNAMENT = 3
_PREFERRED = 2.0
"""Above every choice's worth: the gene's node is tried first."""


@dataclass(frozen=True, slots=True)
class GeneticSettings:
    """How it searches. Raises `ValueError`."""

    population: int = 40
    generations: int = 200
    crossover: float = 0.9
    """How likely a child has two parents."""
    mutation: float = 0.02
    """How likely a gene changes by itself; at least one in each child does on average."""
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        """Check the figures."""
        if self.population <= _ELITE:
            raise ValueError(f"population is {self.population}: it must be above {_ELITE}, as many as are kept unchanged")
        if self.generations < 1:
            raise ValueError(f"generations is {self.generations}: it must be at least 1")
        for name, share in (("crossover", self.crossover), ("mutation", self.mutation)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share:g}: it must be from 0 to 1")


DEFAULT = GeneticSettings()


def solve(
    problem: Problem, start: IntArray, budget: SolverBudget, seed: int = 0, settings: GeneticSettings = DEFAULT
) -> Solution:
    """Holland (1975); for packing with greedy decoding, Falkenauer (1996). A step is a generation.

    Genes: per request the node that it would like, and a key; decoded by placing the requests by key, each where it would
    like or, without room there, where it is worth most. Tournaments of 3 choose parents; uniform crossover; the 2 fittest
    stay. What a child became is written back into its genes (Whitley 1994). The best of all is bettered by local search.
    O(generations x population x requests x choices x resources), with about 32 choices.
    """
    state = started(problem, start)
    if budget.over():
        return state.solution(finished=False)
    compact = compacted(problem)
    most = ceiling(compact)
    if settings.weights == Weights() and reached(state.value, most):
        return state.solution(state.value)
    population = _Population(Crowd(problem, compact, start, settings.population, seed), state, settings, seed)
    finished = True
    for _ in range(settings.generations):
        if not budget.step():
            finished = False
            break
        population.advance()
    best = population.best(state.value)
    if best is not None:
        found = _bettered(problem, best, settings.weights, budget)
        if _fitter(problem, found, state, settings.weights):
            state = found
    return state.solution(max(most, state.value), finished)


def _bettered(problem: Problem, assignment: IntArray, weights: Weights, budget: SolverBudget) -> PackingState:
    found, _ = fitted(problem, assignment)
    further = found.copy()
    improved(further, by_density(problem), budget.stop)
    return further if _fitter(problem, further, found, weights) else found


def _fitter(problem: Problem, one: PackingState, other: PackingState, weights: Weights) -> bool:
    """Whether the one is worth no less and, all criteria together, is better."""
    both = np.array([one.assignment, other.assignment])
    values = np.array([one.value, other.value])
    marks = fitness(problem, both, values, weights)
    return bool(values[0] >= values[1] and marks[0] > marks[1])


class _Population:
    def __init__(self, crowd: Crowd, start: PackingState, settings: GeneticSettings, seed: int) -> None:
        self._crowd, self._settings = crowd, settings
        self._draw = np.random.default_rng([seed, 2])
        self._worth = crowd.worth()
        self._width = np.maximum((crowd.choices >= 0).sum(axis=1), 1)
        many, requests = settings.population, crowd.problem.requests
        self._wishes: IntArray = (self._draw.random((many, requests)) ** 2 * self._width).astype(np.int64)
        rank = np.empty(requests)
        rank[by_density(crowd.problem)] = np.arange(requests) / requests
        self._keys: FloatArray = rank + self._draw.normal(0.0, 0.2, (many, requests))
        self._plant(0, start.assignment, rank)
        self._wishes[1], self._keys[1] = 0, rank
        self._judge()

    def advance(self) -> None:
        """One generation."""
        settings, draw = self._settings, self._draw
        many, requests = self._wishes.shape
        kept = np.argsort(-self._fitness, kind="stable")[:_ELITE]
        children = many - _ELITE
        mothers, fathers = self._parents(children), self._parents(children)
        crossed = draw.random((children, 1)) < settings.crossover
        from_father = (draw.random((children, requests)) < 0.5) & crossed
        wishes = np.where(from_father, self._wishes[fathers], self._wishes[mothers])
        keys = np.where(from_father, self._keys[fathers], self._keys[mothers])
        rate = max(settings.mutation, 1.0 / requests) if settings.mutation else 0.0
        changed = draw.random((children, requests)) < rate
        wishes = np.where(changed, (draw.random((children, requests)) * self._width).astype(np.int64), wishes)
        changed = draw.random((children, requests)) < rate
        keys = np.where(changed, draw.random((children, requests)), keys)
        self._wishes = np.concatenate((self._wishes[kept], wishes))
        self._keys = np.concatenate((self._keys[kept], keys))
        self._judge()

    def best(self, least: float) -> IntArray | None:
        """The fittest assignment of those worth at least so much; none if there are none."""
        good = np.flatnonzero(self._values >= least)
        return None if not len(good) else self._assignments[good[self._fitness[good].argmax()]]

    def _plant(self, number: int, assignment: IntArray, rank: FloatArray) -> None:
        """Make one a copy of an assignment: what it places goes first."""
        positions = self._crowd.positions(assignment[None])[0]
        self._wishes[number] = np.maximum(positions, 0)
        self._keys[number] = np.where(assignment >= 0, rank - 1.0, rank)

    def _parents(self, many: int) -> IntArray:
        drawn = self._draw.integers(len(self._fitness), size=(many, _TOURNAMENT))
        return np.asarray(drawn[np.arange(many), self._fitness[drawn].argmax(axis=1)])

    def _judge(self) -> None:
        many = len(self._wishes)
        scores = np.repeat(self._worth[None], many, axis=0)
        np.put_along_axis(scores, self._wishes[..., None], _PREFERRED, axis=2)
        order = np.argsort(self._keys, axis=1, kind="stable")
        self._assignments = self._crowd.packed(order, scores)
        self._values = self._crowd.values(self._assignments)
        self._fitness = fitness(self._crowd.problem, self._assignments, self._values, self._settings.weights)
        positions = self._crowd.positions(self._assignments)
        self._wishes = np.where(positions >= 0, positions, self._wishes)
