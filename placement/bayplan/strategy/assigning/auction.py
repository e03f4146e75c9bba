"""Auction: requests bid for nodes until every request is content."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.solvers.assignment import auction
from bayplan.strategy.assigning.assigning import ForObjective, assigned
from bayplan.strategy.context import Context
from bayplan.strategy.objectives import objective
from bayplan.strategy.protocols import Strategy


@dataclass(frozen=True, slots=True)
class Auction(ForObjective):
    """Bertsekas' auction with ε-scaling, O(bids x places). See `optimisation.auction`.

    At most requests x ε from the best there is where all requests ask for the same, or no node holds two, and there are no
    gangs; else bids for shares of nodes, with a bound that may be far off.
    """

    objective: str = "Priority"
    """What is summed up: a name of `OBJECTIVES`."""
    precision: float = auction.PRECISION
    """Requests x ε at the end, as a share of what one request can gain or lose."""
    bids: int = 100_000
    """So many rounds of bids, or bids for shares, at most."""

    def __post_init__(self) -> None:
        """Check the name and the figures."""
        objective(self.objective)
        if not 0 < self.precision < 1:
            raise ValueError(f"precision is {self.precision:g}: it must be above 0 and below 1")
        if self.bids < 1:
            raise ValueError(f"bids is {self.bids}: it must be at least 1")

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request."""
        solve = partial(auction.solve, precision=self.precision)
        return assigned(requests, cluster, strategy, context, self.objective, ("auction", solve, self.bids))
