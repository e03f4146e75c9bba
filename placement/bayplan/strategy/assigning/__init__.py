"""How a batch of requests is assigned to nodes."""

from bayplan.strategy.assigning.ant_colony import AntColonyPlanner
from bayplan.strategy.assigning.assignment import Assignment
from bayplan.strategy.assigning.auction import Auction
from bayplan.strategy.assigning.auto import AutoPlanner
from bayplan.strategy.assigning.genetic import GeneticPlanner
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.assigning.integer import IntegerProgram
from bayplan.strategy.assigning.linear import LinearProgram
from bayplan.strategy.assigning.planned import Planned
from bayplan.strategy.assigning.random import Random
from bayplan.strategy.assigning.round_robin import RoundRobin
from bayplan.strategy.assigning.static import Static
from bayplan.strategy.protocols import Planner

PLANNERS: dict[str, type[Planner]] = {
    "Auto": AutoPlanner,
    "Greedy": Greedy,
    "Planned": Planned,
    "RoundRobin": RoundRobin,
    "Random": Random,
    "Static": Static,
    "LinearProgram": LinearProgram,
    "IntegerProgram": IntegerProgram,
    "Assignment": Assignment,
    "Auction": Auction,
    "Genetic": GeneticPlanner,
    "AntColony": AntColonyPlanner,
}

__all__ = ["PLANNERS"]
