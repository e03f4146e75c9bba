"""A better plan of one graph, searched for beside the ticks."""

import zlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from bayplan.core.budget import seconds
from bayplan.foresight.graph_plans import Improvement, Plan
from bayplan.solvers.schedules.budget import Budget
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.outlook.graph_plans.expectation import Expectation
from bayplan_operator.conductor.outlook.graph_plans.glimpse import Glimpse, situation, with_reruns

_FIRST_SLICE, _LONGEST_SLICE = 0.05, 0.4
"""Seconds of processor time of one piece of work: each is twice as long as the one before."""
_AGAIN = 0.1
"""The part of the budget for a plan that was made again: most of what was found before is kept."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a piece of work."""

    plan: Plan | None
    """Better by more than its noise; none: there is none yet."""
    over: bool
    """Nothing better can be found."""
    spent: float
    """Seconds of processor time."""


class Search:
    """For one graph: how much may still be spent on its plan, and on what."""

    def __init__(self, budget: float, seed: int, uid: str) -> None:
        """``budget``: seconds of processor time for a graph's first plan."""
        self._budget, self._left, self._slice = budget, 0.0, _FIRST_SLICE
        self._seed, self._pieces = [seed, zlib.crc32(uid.encode())], 0

    @property
    def wanted(self) -> bool:
        """Something is left of the budget."""
        return self._left > 0.0

    def planned(self, *, first: bool) -> None:
        """There is a new plan to begin from."""
        self._left = self._budget if first else max(self._left, _AGAIN * self._budget)
        self._slice = _FIRST_SLICE

    def spend(self, found: Found) -> None:
        """A piece of work is done."""
        self._left = 0.0 if found.over else self._left - found.spent
        self._slice = min(2.0 * self._slice, _LONGEST_SLICE)

    def give_up(self) -> None:
        """Until there is a new plan."""
        self._left = 0.0

    def work(self, seen: Glimpse, plan: Plan, expectation: Expectation, clock: Clock) -> "partial[Found]":
        """The next piece, from the plan on as it stands in a newer situation."""
        self._pieces += 1
        lots = np.random.default_rng([*self._seed, self._pieces])
        return partial(search, seen, plan, expectation, (min(self._slice, self._left), clock), lots)


def search(
    seen: Glimpse, plan: Plan, expectation: Expectation, budget: tuple[float, Clock], lots: np.random.Generator
) -> Found:
    """In the thread. ``budget``: seconds of processor time, and by which clock."""
    limit, clock = budget
    began = clock.thread()
    stop = seconds(limit, clock.thread)()
    there = with_reruns(situation(seen, expectation), seen)
    noise = expectation.deviations(seen.prepared, there.nodes.classes, seen.run_times)
    found = Improvement(plan, there, lots, noise)
    found.advance(Budget(steps=None, stop=stop))
    return Found(found.better(), found.over, max(clock.thread() - began, limit))
