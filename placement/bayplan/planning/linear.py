"""Linear program: as if requests could be split, then rounded."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.objectives import objective
from bayplan.optimisation import linear
from bayplan.planning.assigning import ForObjective, assigned
from bayplan.protocols import Strategy
from bayplan.workload import Request

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
