"""The load of the nodes, as Prometheus has measured it."""

from bayplan_operator.view.prometheus.failure import LoadError
from bayplan_operator.view.prometheus.nodes import NodeAliases, by_alias
from bayplan_operator.view.prometheus.poller import Poller, PollResult
from bayplan_operator.view.prometheus.queries import Queries, QueriesError, built_in, read

__all__ = ["LoadError", "NodeAliases", "PollResult", "Poller", "Queries", "QueriesError", "built_in", "by_alias", "read"]
