"""Integer program: whole requests and whole gangs, by branch and cut."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.objectives import objective
from bayplan.optimisation import integer
from bayplan.planning.assigning import ForObjective, assigned
from bayplan.protocols import Strategy
from bayplan.workload import Request


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
