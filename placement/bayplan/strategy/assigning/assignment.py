"""Assignment: the best matching of requests and places on nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import hungarian
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class Assignment(ForObjective):
    """Shortest augmenting paths, O(requests^2 x places). See `optimisation.hungarian`.

    The best there is where all requests ask for the same, or no node holds two, and there are no gangs; else matchings in
    rounds, without a bound.
    """

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""

    def __post_init__(self) -> None:
        """Check the name."""
        objective(self.objective)

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        return assigned(requests, cluster, strategy, context, self.objective, ("assignment", hungarian.solve, None))
