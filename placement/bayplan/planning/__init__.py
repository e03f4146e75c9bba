"""How a batch of requests is assigned to nodes."""

from bayplan.planning.greedy import Greedy

__all__ = ["Greedy"]
