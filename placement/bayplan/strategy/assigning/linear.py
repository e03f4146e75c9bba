"""Linear program: as if requests could be split, then rounded."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import linear
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy

_PROGRAMS = 30


@dataclass(frozen=True, slots=True)
class LinearProgram(ForObjective):
    """HiGHS, by column generation; its duals say what each node's scarcest resource is worth. See `optimisation.linear`.

    At most 30 programs of some 12,000 pairs of class and node: seconds, for a thousand requests on a thousand nodes.
    """

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""

    def __post_init__(self) -> None:
        """Check the name."""
        objective(self.objective)

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        return assigned(requests, cluster, strategy, context, self.objective, ("linear program", linear.solve, _PROGRAMS))
