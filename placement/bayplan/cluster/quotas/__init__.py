"""How much of each quota row queues hold, and which nodes that closes to them."""

from bayplan.cluster.quotas.accounts import Quotas
from bayplan.cluster.quotas.graphs import Asker, GraphCharge
from bayplan.cluster.quotas.limits import QueueLimits, QuotaKey, RowLimits

__all__ = ["Asker", "GraphCharge", "QueueLimits", "QuotaKey", "Quotas", "RowLimits"]
