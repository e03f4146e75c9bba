"""How a batch of requests is assigned to nodes."""

from bayplan.planning.greedy import greedy
from bayplan.protocols import Planner

PLANNERS: dict[str, Planner] = {"Greedy": greedy}

__all__ = ["PLANNERS"]
