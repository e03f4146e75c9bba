"""Whole graphs on processors: problems, planners that make schedules, bounds, and a checker."""

from bayplan.solvers.schedules.budget import Budget
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bench.scheduling.annealing import Annealing
from bench.scheduling.ant_colony import AntColony
from bench.scheduling.auto import Auto
from bench.scheduling.bounds import lower_bound
from bench.scheduling.branch_and_bound import BranchAndBound
from bench.scheduling.checker import violations
from bench.scheduling.cpop import Cpop
from bench.scheduling.genetic import Genetic
from bench.scheduling.heft import Heft
from bench.scheduling.list_scheduling import ListScheduling
from bench.scheduling.look_ahead import LookAhead
from bench.scheduling.planner import GraphPlanner, ScheduleSolution
from bench.scheduling.problem import ResourceProblem

GRAPH_PLANNERS: dict[str, GraphPlanner] = {
    "Annealing": Annealing(),
    "AntColony": AntColony(),
    "Auto": Auto(),
    "BranchAndBound": BranchAndBound(),
    "Cpop": Cpop(),
    "Genetic": Genetic(),
    "Heft": Heft(),
    "ListScheduling": ListScheduling(),
    "LookAhead": LookAhead(),
}
"""By name. `BranchAndBound` needs identical processors; `AntColony`, `Genetic`, `ListScheduling` plan resources too."""

__all__ = [
    "GRAPH_PLANNERS",
    "Annealing",
    "AntColony",
    "Auto",
    "BranchAndBound",
    "Budget",
    "Cpop",
    "Genetic",
    "GraphPlanner",
    "GraphProblem",
    "Heft",
    "ListScheduling",
    "LookAhead",
    "ResourceProblem",
    "Schedule",
    "ScheduleSolution",
    "lower_bound",
    "violations",
]
