"""How a batch of requests is assigned to nodes."""

from bayplan.strategy.assigning.ant_colony import AntColony
from bayplan.strategy.assigning.assignment import Assignment
from bayplan.strategy.assigning.auction import Auction
from bayplan.strategy.assigning.auto import Auto
from bayplan.strategy.assigning.genetic import Genetic
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.integer import IntegerProgram
from bayplan.strategy.assigning.linear import LinearProgram
from bayplan.strategy.assigning.planned import Planned
from bayplan.strategy.assigning.random import Random
from bayplan.strategy.assigning.round_robin import RoundRobin
from bayplan.strategy.assigning.static import Static
from bayplan.strategy.protocols import Planner

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
