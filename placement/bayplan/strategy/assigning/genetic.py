"""Genetic algorithm: assignments that are selected, crossed and mutated."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import genetic
from bayplan.solvers.assignment.fitness import Weights
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class GeneticPlanner(ForObjective):
    """O(generations x population x requests x choices), about 32 choices of node each. See `optimisation.genetic`.

    Of the answers that are worth no less than greedy's by the objective it takes the fittest: by the weighted mean of the
    objective, what is left of the nodes (response time), how full used nodes are, and how many requests are placed.
    """

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""
    population: int = 40
    generations: int = 200
    crossover: float = 0.9
    mutation: float = 0.02
    objective_weight: float = 1.0
    response_time_weight: float = 0.0
    utilisation_weight: float = 0.0
    success_rate_weight: float = 0.0

    def __post_init__(self) -> None:
        """Check the name and the figures."""
        objective(self.objective)
        self._settings()

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        solve = partial(genetic.solve, settings=self._settings())
        return assigned(requests, cluster, strategy, context, self.objective, ("genetic algorithm", solve, None))

    def _settings(self) -> genetic.GeneticSettings:
        weights = Weights(self.objective_weight, self.response_time_weight, self.utilisation_weight, self.success_rate_weight)
        return genetic.GeneticSettings(self.population, self.generations, self.crossover, self.mutation, weights)
