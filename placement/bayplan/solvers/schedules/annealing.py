"""Local search on processors that differ."""

import numpy as np

from bayplan.model.arrays import BoolArray, IntArray
from bayplan.solvers.kernels.scheduling.annealing import Walk, anneal
from bayplan.solvers.schedules.budget import Meter, at_once
from bayplan.solvers.schedules.insertion import insertion
from bayplan.solvers.schedules.placements import placements
from bayplan.solvers.schedules.problem import GraphProblem, Schedule

_FIRST_CYCLE = 2_000


class Annealed:
    """Simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983) from a schedule on, in slices; never worse than it.

    Tasks swap processors, go to others, and move in the order, half of them tasks of a critical chain. Cycles of cooling get
    twice as long each, so that no budget has to be known beforehand. O(tasks + edges) per step.
    """

    def __init__(self, problem: GraphProblem, begin: Schedule, lots: IntArray, movable: BoolArray | None = None) -> None:
        """`lots`: what its random numbers start from; `movable`: shape (tasks,), which tasks may change places, none: all.

        The others keep their processors. Those of them that wait for nothing have them before any other task.
        """
        self._problem, self._begin = problem, begin
        self._work = placements(problem)
        self._walk = _new_walk(problem, begin, lots, np.ones(problem.tasks, bool) if movable is None else movable)
        self._over = not len(self._walk.movable)

    @property
    def makespan(self) -> float:
        """Of the best that was seen, in seconds; that of `best` may be shorter still."""
        return float(self._walk.makespans[1])

    @property
    def over(self) -> bool:
        """Nothing shorter can be found."""
        return self._over

    def advance(self, goal: float, meter: Meter) -> None:
        """Go on until the budget is over, nothing shorter can be found, or the makespan is at most `goal` (seconds)."""
        pace = at_once(max(50, 200_000 // self._problem.tasks))
        while not self._over and self.makespan > goal and (steps := meter.slice(pace)) > 0:
            taken = anneal(self._work, self._walk, goal, steps)
            meter.used += taken
            self._over = taken < steps and self.makespan > goal

    def best(self) -> Schedule:
        """The best schedule so far. O(edges + tasks x tasks)."""
        # Tasks slip into gaps before them: no later than where they were found.
        found = insertion(self._problem, self._walk.lists[2], self._walk.fixed[2])
        return found if found.makespan < self._begin.makespan else self._begin


def _new_walk(problem: GraphProblem, begin: Schedule, lots: IntArray, movable: BoolArray) -> Walk:
    tasks = problem.tasks
    first = ~movable & (np.diff(problem.topology.parents.indptr) == 0)
    place = np.empty(tasks, np.int64)
    place[problem.topology.order] = np.arange(tasks)
    return Walk(
        lists=np.tile(np.lexsort((place, begin.start, ~first)), (3, 1)),
        fixed=np.tile(begin.processor, (3, 1)),
        starts=np.zeros((2, tasks)),
        before=np.full((2, tasks), -1, np.int64),
        makespans=np.full(2, begin.makespan),
        clock=np.array([0, _FIRST_CYCLE, 0]),
        lots=lots.copy(),
        movable=np.flatnonzero(movable),
        may=movable,
        front=int(np.count_nonzero(first)),
    )
