"""Requests in, decisions out."""

from collections.abc import Sequence

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.plugin_parts import PluginPlanner
from bayplan.strategy.protocols import Strategy


def place(requests: Sequence[Request], cluster: Cluster, strategy: Strategy, context: Context) -> list[Decision]:
    """One decision per request, in their order. Taken together they over-commit no node.

    The cluster is left as it was: the caller that acts on a decision tells the cluster so with `Cluster.occupy`.
    Raises `ValueError` for a planner that answers other requests, or in another order.
    """
    if not requests:
        return []
    decisions = strategy.planner(requests, cluster, strategy, context)
    if len(decisions) == len(requests):
        for request, decision in zip(requests, decisions, strict=True):
            if decision.request_id != request.id:
                break
        else:
            return decisions
    asked, said = _some([each.id for each in requests]), _some([each.request_id for each in decisions])
    raise ValueError(
        f"planner {_name(strategy)} was asked about {asked}, and answered about {said}: "
        "it must answer each request, in their order"
    )


def _some(ids: Sequence[object]) -> str:
    """The first of them, and how many there are."""
    return f"{len(ids)} requests ({', '.join([*map(str, ids[:3]), *(['...'] if len(ids) > 3 else [])])})"


def _name(strategy: Strategy) -> str:
    planner = strategy.planner
    return type(planner.planner if isinstance(planner, PluginPlanner) else planner).__name__
