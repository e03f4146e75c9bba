"""A better plan of the units that have not begun."""

import math

import numpy as np

from bayplan.foresight.graph_plans.carried import carried_over
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.rest import Rest
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.annealing import Annealed
from bayplan.solvers.schedules.bounds import lower_bound
from bayplan.solvers.schedules.budget import Budget, Meter, enough
from bayplan.solvers.schedules.lots import lots
from bayplan.solvers.schedules.problem import Schedule
from bayplan.solvers.schedules.ranks import upward_rank
from bayplan.solvers.schedules.uncertain import makespans

TIMES = 64
"""How often run times are drawn to compare two plans."""
ERRORS = 2.0
"""The mean gain has to be above so many of its standard errors."""
_ROUNDING = 1e-9
"""The part of a makespan that rounding may make up."""


def improve(
    plan: Plan,
    situation: Situation,
    budget: Budget,
    generator: np.random.Generator,
    uncertainty: FloatArray | None = None,
) -> Plan | None:
    """A better plan of what has not begun, found within a budget; none: there is none that is better by more than its noise.

    See `Improvement`, which does the same in slices.
    """
    search = Improvement(plan, situation, generator, uncertainty)
    search.advance(budget)
    return search.better()


class Improvement:
    """A search for a better plan of one graph, in slices of any length. The same seed and steps find the same plan.

    Simulated annealing from the present plan on (`Annealed`), as it stands in the present situation: units that run or are done
    stay where they are. Making one costs about as much as making a plan by HEFT, so that it may be made again whenever units
    have begun: from `last` of the one before, better or not.
    """

    def __init__(
        self,
        plan: Plan,
        situation: Situation,
        generator: np.random.Generator,
        uncertainty: FloatArray | None = None,
    ) -> None:
        """`situation`: that of the plan, or a later one of the same graph; `uncertainty`: shape (tasks, classes), the standard
        deviation of the log of a run time, as in `Situation.seconds`; none: run times are certain."""
        self._rest, self._uncertainty, self._generator = Rest(situation), uncertainty, generator
        self._situation = situation
        self._search: Annealed | None = None
        if self._rest.problem is not None:
            self._begin = carried_over(plan, situation, self._rest)
            movable = self._rest.fixed < 0
            seed = int(generator.integers(2**31))
            self._search = Annealed(self._rest.problem, self._begin, lots(seed), movable)
            self._goal = enough(lower_bound(self._rest.problem))

    @property
    def over(self) -> bool:
        """Nothing better can be found."""
        return self._search is None or self._search.over or self._search.makespan <= self._goal

    def advance(self, budget: Budget) -> None:
        """Search on for a slice. A step costs O(tasks + edges) of what is left, some microseconds for a hundred tasks."""
        if self._search is not None and not self.over:
            self._search.advance(self._goal, Meter(budget))

    def better(self) -> Plan | None:
        """The best plan so far; none: it is not better than the present one by more than the noise of run times.

        Where run times are certain, it is better if it ends earlier by more than rounding. Otherwise both plans are run with
        the same drawn run times, n = 64 times, and the mean of the gains g_i = present_i - new_i has to be above their
        noise: mean(g) > 2 sd(g) / sqrt(n), the standard error of a comparison in pairs with common random numbers (Law,
        Simulation Modeling and Analysis, chapter 10). The expected makespan is that sample's average (Kleywegt, Shapiro &
        Homem-de-Mello 2002), not the makespan of mean run times, which favours plans without slack.
        O(n (tasks + edges) + tasks^2).
        """
        if self._search is None:
            return None
        found = self._search.best()
        if not found.makespan < self._begin.makespan * (1 - _ROUNDING) or not self._beyond_noise(found):
            return None
        return self._plan_of(found)

    def last(self) -> Plan | None:
        """The best plan so far, whatever its noise: to search on from in a later situation. None: nothing is left to plan."""
        return None if self._search is None else self._plan_of(self._search.best())

    def _plan_of(self, found: Schedule) -> Plan:
        assert self._rest.problem is not None
        return self._rest.plan(found, upward_rank(self._rest.problem))

    def _beyond_noise(self, found: Schedule) -> bool:
        if self._uncertainty is None or not self._uncertainty.any():
            return True
        problem = self._rest.problem
        assert problem is not None
        normal = self._generator.standard_normal((TIMES, problem.tasks))
        both = [makespans(problem, each, self._deviation(each), normal) for each in (self._begin, found)]
        gain = both[0] - both[1]
        return bool(gain.mean() > ERRORS * gain.std(ddof=1) / math.sqrt(TIMES) + _ROUNDING * both[0].mean())

    def _deviation(self, schedule: Schedule) -> FloatArray:
        """Shape (rows,): of what each runs where a schedule has it; 0 of what takes no time."""
        assert self._uncertainty is not None
        units, rows = self._rest.planned
        nodes = self._rest.nodes
        node_class = nodes.node_class[nodes.slot_node[schedule.processor[rows]]]
        found = np.zeros(len(schedule.processor))
        found[rows] = self._uncertainty[self._situation.graph.unit_task[units], node_class]
        return found
