"""Ant colony: assignments made at random, more and more like the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import ant_colony
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class AntColonyPlanner(ForObjective):
    """MAX-MIN ant system, O(iterations x ants x requests x choices), about 32 choices of node each.

    See `optimisation.ant_colony`.
    """

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""
    ants: int = 20
    iterations: int = 100
    evaporation: float = 0.2
    pheromone_power: float = 1.0
    value_power: float = 2.0

    def __post_init__(self) -> None:
        """Check the name and the figures."""
        objective(self.objective)
        self._settings()

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        solve = partial(ant_colony.solve, settings=self._settings())
        return assigned(requests, cluster, strategy, context, self.objective, ("ant colony", solve, None))

    def _settings(self) -> ant_colony.AntColonySettings:
        return ant_colony.AntColonySettings(
            self.ants, self.iterations, self.evaporation, self.pheromone_power, self.value_power
        )
