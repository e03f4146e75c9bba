"""How a batch of requests is assigned to nodes."""

from bayplan.planning.ant_colony import AntColony
from bayplan.planning.assignment import Assignment
from bayplan.planning.auction import Auction
from bayplan.planning.auto import Auto
from bayplan.planning.genetic import Genetic
from bayplan.planning.greedy import Greedy
from bayplan.planning.integer import IntegerProgram
from bayplan.planning.linear import LinearProgram
from bayplan.planning.planned import Planned
from bayplan.planning.random import Random
from bayplan.planning.round_robin import RoundRobin
from bayplan.planning.static import Static
from bayplan.protocols import Planner

PLANNERS: dict[str, type[Planner]] = {
    "Auto": Auto,
    "Greedy": Greedy,
    "Planned": Planned,
    "RoundRobin": RoundRobin,
    "Random": Random,
    "Static": Static,
    "LinearProgram": LinearProgram,
    "IntegerProgram": IntegerProgram,
    "Assignment": Assignment,
    "Auction": Auction,
    "Genetic": Genetic,
    "AntColony": AntColony,
}

__all__ = ["PLANNERS"]
