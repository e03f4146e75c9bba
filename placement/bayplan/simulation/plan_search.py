"""Improving plans by steps, so that every machine finds the same."""

import numpy as np

from bayplan.foresight.graph_plans import Improvement, Plan, Situation
from bayplan.model.arrays import FloatArray
from bayplan.solvers.schedules.budget import Budget

AGAIN = 10
"""A plan that is made again begins with what was found before: it gets a part of the steps, one in so many."""
PER_UNIT = 300
"""Steps for each unit that has not begun, at most: few units have few places to change."""
_IMPROVING = 2
"""Keeps these draws apart from those for run times and failures."""


class PlanSearch:
    """Plans of all graphs, improved one after the other."""

    def __init__(self, steps: int, seed: int) -> None:
        """`steps`: of the search for one plan, at most."""
        self._steps, self._seed = steps, seed
        self._made: dict[int, int] = {}
        """By graph, how many plans were improved."""

    def improved(self, number: int, plan: Plan, situation: Situation, uncertainty: FloatArray) -> Plan:
        """A better plan of a graph, by its number; the same where none is found."""
        made = self._made[number] = self._made.get(number, 0) + 1
        waiting = int(np.count_nonzero(~(situation.done | situation.running)))
        search = Improvement(plan, situation, np.random.default_rng([self._seed, _IMPROVING, number, made]), uncertainty)
        search.advance(Budget(min(self._steps, PER_UNIT * waiting) // (1 if made == 1 else AGAIN)))
        return search.better() or plan

    def over(self, number: int) -> None:
        """A graph has ended."""
        self._made.pop(number, None)
