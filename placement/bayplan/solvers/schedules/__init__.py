"""Whole graphs on processors: problems, planners that make schedules, bounds, and a checker."""

from bayplan.solvers.schedules.annealing import Annealing
from bayplan.solvers.schedules.ant_colony import AntColony
from bayplan.solvers.schedules.auto import Auto
from bayplan.solvers.schedules.bounds import lower_bound
from bayplan.solvers.schedules.branch_and_bound import BranchAndBound
from bayplan.solvers.schedules.checker import violations
from bayplan.solvers.schedules.cpop import Cpop
from bayplan.solvers.schedules.genetic import Genetic
from bayplan.solvers.schedules.heft import Heft
from bayplan.solvers.schedules.list_scheduling import ListScheduling
from bayplan.solvers.schedules.look_ahead import LookAhead
from bayplan.solvers.schedules.planner import Budget, GraphPlanner, ScheduleSolution
from bayplan.solvers.schedules.problem import GraphProblem, ResourceProblem, Schedule

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
