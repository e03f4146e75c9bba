"""Requests in, decisions out."""

from collections.abc import Sequence

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy


def place(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
    """One decision per request, in their order. Taken together they over-commit no node.

    The cluster is left as it was: whoever acts on a decision tells the cluster so with `Cluster.occupy`.
    """
    return strategy.planner(requests, cluster, strategy, context) if requests else []
