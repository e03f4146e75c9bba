"""An ant colony over lists of tasks."""

from dataclasses import dataclass

import numpy as np

from bayplan.solvers.schedules.budget import Budget, Meter, at_once, enough
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.placements import placements
from bayplan.solvers.schedules.problem import GraphProblem, Schedule
from bayplan.solvers.schedules.ranks import tails, upward_rank
from bench.scheduling.activities import activities
from bench.scheduling.bounds import fastest, lower_bound
from bench.scheduling.genetic import pace
from bench.scheduling.identical import from_starts
from bench.scheduling.kernels.foraging import Colony, forage_activities, forage_placements
from bench.scheduling.list_scheduling import first_list
from bench.scheduling.planner import ScheduleSolution, finished
from bench.scheduling.problem import SchedulingProblem


@dataclass(frozen=True, slots=True)
class AntColony:
    """Ants write lists place by place, by trails and by urgency; each list is justified. Also for `ResourceProblem`.

    Merkle, Middendorf & Schmeck 2002 (summed trails, elitist generations of five), with double justification (Valls,
    Ballestin & Quintanilla 2005). Where processors differ, each task goes where it ends first.
    O(tasks^2 x resources) per schedule, or as HEFT; O(tasks^2) memory.
    """

    def __call__(self, problem: SchedulingProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best list; with a budget that is too small for any, that by the longest chain."""
        bound, meter = lower_bound(problem), Meter(budget)
        colony = _new_colony(problem.tasks, seed)
        if isinstance(problem, GraphProblem) and not problem.identical:
            schedule = _on_processors(problem, colony, enough(bound), meter)
        else:
            schedule = _under_resources(problem, colony, enough(bound), meter)
        return finished(schedule, bound, meter)


def _new_colony(tasks: int, seed: int) -> Colony:
    return Colony(
        trail=np.ones((tasks, tasks)) / max(tasks, 1),
        lists=np.zeros((3, tasks), np.int64),
        starts=np.zeros((3, tasks)),
        makespans=np.full(3, np.inf),
        ants=np.zeros(1, np.int64),
        lots=lots(seed),
    )


def _under_resources(problem: SchedulingProblem, colony: Colony, goal: float, meter: Meter) -> Schedule:
    work, urgency = activities(problem), tails(problem, fastest(problem))
    while (steps := meter.slice(at_once(pace(problem)))) >= 3 and colony.makespans[2] > goal:
        meter.used += forage_activities(work, urgency, colony, goal, steps)
    if np.isinf(colony.makespans[2]):
        return first_list(problem, meter)
    return from_starts(problem, colony.starts[2])


def _on_processors(problem: GraphProblem, colony: Colony, goal: float, meter: Meter) -> Schedule:
    work, urgency = placements(problem), upward_rank(problem)
    while (steps := meter.slice(at_once(pace(problem)))) > 0 and colony.makespans[2] > goal:
        meter.used += forage_placements(work, urgency, colony, goal, steps)
    if np.isinf(colony.makespans[2]):
        return first_list(problem, meter)
    return insertion(problem, colony.lists[2])
