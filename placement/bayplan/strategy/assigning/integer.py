"""Integer program: whole requests and whole gangs, by branch and cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import integer
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class IntegerProgram(ForObjective):
    """HiGHS; exact for small batches, a search by small programs for larger ones. Exponential; see `optimisation.integer`."""

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""
    programs: int = 50
    """So many programs are solved at most."""

    def __post_init__(self) -> None:
        """Check name and number."""
        objective(self.objective)
        if self.programs < 1:
            raise ValueError(f"programs is {self.programs}: it must be at least 1")

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        return assigned(requests, cluster, strategy, context, self.objective, ("integer program", integer.solve, self.programs))
