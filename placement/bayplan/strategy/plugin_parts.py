"""Orders, scorers and planners of other packages, held to what they declare.

What they do not declare is absent from the context that they are given. Bayplan's own are given all of it: a test shows that
each of them reads what it declares and nothing else.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import FloatArray
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.declared import dependence, narrowed
from bayplan.strategy.needs import Need
from bayplan.strategy.protocols import FeasiblePlaces, Order, Planner, Scorer, Strategy


@dataclass(frozen=True, slots=True)
class PluginOrder:
    """An order, with what it declares."""

    order: Order
    needs: frozenset[Need]

    def __call__(self, requests: Sequence[Request], context: Context) -> FloatArray:
        """One key per request."""
        return self.order(requests, narrowed(context, self.needs))


@dataclass(frozen=True, slots=True)
class PluginScorer(Scorer):
    """A scorer, with what it declares. It need not inherit from `Scorer`."""

    scorer: Scorer
    needs: frozenset[Need]

    def depends_on(self, request: Request, context: Context) -> Hashable:
        """What it says itself, or else what its needs stand for."""
        if getattr(type(self.scorer), "depends_on", Scorer.depends_on) is Scorer.depends_on:
            return dependence(self.needs, request, context)
        return self.scorer.depends_on(request, narrowed(context, self.needs))

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        return self.scorer(request, cluster, places, narrowed(context, self.needs))


@dataclass(frozen=True, slots=True)
class PluginPlanner(Planner):
    """A planner, with what it declares. It need not inherit from `Planner`."""

    planner: Planner
    needs: frozenset[Need]

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
        """One decision per request. What the strategy's order and scorers need is there too: the planner hands it on."""
        return self.planner(requests, cluster, strategy, narrowed(context, self.needs | strategy.needs))
