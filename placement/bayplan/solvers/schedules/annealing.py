"""Local search on processors that differ."""

from dataclasses import dataclass

import numpy as np

from bayplan.solvers.kernels.scheduling.annealing import Walk, anneal
from bayplan.solvers.schedules.activities import placements
from bayplan.solvers.schedules.bounds import lower_bound
from bayplan.solvers.schedules.heft import heft, insertion
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.planner import Budget, Meter, ScheduleSolution, at_once, enough, finished
from bayplan.solvers.schedules.problem import GraphProblem, Schedule

_FIRST_CYCLE = 2_000


@dataclass(frozen=True, slots=True)
class Annealing:
    """Simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983) from HEFT's schedule on; never worse than it.

    Tasks swap processors, go to others, and move in the order, half of them tasks of a critical chain. Cycles of cooling get
    twice as long each, so that no budget has to be known beforehand. O(tasks + edges) per step.
    """

    def __call__(self, problem: GraphProblem, budget: Budget, seed: int) -> ScheduleSolution:
        """The best schedule seen."""
        bound = lower_bound(problem)
        meter = Meter(budget, used=1)
        return finished(annealed(problem, heft(problem), enough(bound), meter, seed), bound, meter)


def annealed(problem: GraphProblem, begin: Schedule, goal: float, meter: Meter, seed: int) -> Schedule:
    """The best schedule found from one on until the budget is over or the goal is reached; never longer than that."""
    tasks = problem.tasks
    place = np.empty(tasks, np.int64)
    place[problem.topology.order] = np.arange(tasks)
    work, walk = placements(problem), _new_walk(begin, np.lexsort((place, begin.start)), seed)
    pace = at_once(max(50, 200_000 // tasks))
    while (steps := meter.slice(pace)) > 0 and walk.makespans[1] > goal:
        meter.used += anneal(work, walk, goal, steps)
    # Tasks slip into gaps before them: no later than where they were found.
    found = insertion(problem, walk.lists[2], walk.fixed[2])
    return found if found.makespan < begin.makespan else begin


def _new_walk(begin: Schedule, order: np.ndarray, seed: int) -> Walk:
    tasks = len(order)
    return Walk(
        lists=np.tile(order, (3, 1)),
        fixed=np.tile(begin.processor, (3, 1)),
        starts=np.zeros((2, tasks)),
        before=np.full((2, tasks), -1, np.int64),
        makespans=np.full(2, begin.makespan),
        clock=np.array([0, _FIRST_CYCLE, 0]),
        lots=lots(seed),
    )
