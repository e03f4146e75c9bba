"""Whole graphs on processors: problems, planners that make schedules, bounds, and a checker."""

from bayplan.scheduling.annealing import Annealing
from bayplan.scheduling.ant_colony import AntColony
from bayplan.scheduling.auto import Auto
from bayplan.scheduling.bounds import lower_bound
from bayplan.scheduling.branch_and_bound import BranchAndBound
from bayplan.scheduling.checker import violations
from bayplan.scheduling.cpop import Cpop
from bayplan.scheduling.genetic import Genetic
from bayplan.scheduling.heft import Heft
from bayplan.scheduling.list_scheduling import ListScheduling
from bayplan.scheduling.look_ahead import LookAhead
from bayplan.scheduling.planner import Budget, GraphPlanner, Outcome
from bayplan.scheduling.problem import GraphProblem, ResourceProblem, Schedule

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
    "Outcome",
    "ResourceProblem",
    "Schedule",
    "lower_bound",
    "violations",
]
