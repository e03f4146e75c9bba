"""A gang of few members that differ, in one domain: a search among all ways to place it."""

from collections.abc import Callable, Sequence

import numpy as np

from bayplan.model.arrays import BoolArray
from bayplan.strategy.assigning.gang_places import Places, Placing

LARGEST = 32
"""Members up to which a gang is searched for: the number of ways grows exponentially."""
STEPS = 1_000
"""Placements that are tried for one gang, in all its domains together."""


class GangSearch:
    """Depth first, the largest member first, the tightest node first: its first descent is best-fit decreasing (Johnson 1973).

    Exact if it ends within its steps, so that a gang does not wait because a planner's choice left a node that is too small.
    O(steps x nodes).
    """

    def __init__(
        self, members: Sequence[int], placing: Placing, alike: Callable[[int, int], bool], rank: Sequence[int]
    ) -> None:
        """`members`: the largest first, those alike beside each other; `alike`: two of them may be swapped; `rank`: any fixed
        order of the rows."""
        self._members, self._placing, self._alike, self._rank = members, placing, alike, rank
        self._steps = STEPS
        self._best: Places = {}
        self._goal = 0

    def __call__(self, outside: BoolArray, above: int, goal: int) -> Places:
        """The most of them, at most `goal`, that can be placed, if that is more than `above`; otherwise nothing. No place is
        taken. `outside`: rows that are left out."""
        self._best, self._goal = {}, goal
        if len(self._members) <= LARGEST:
            self._descend(outside, 0, {}, above, -1)
        return self._best

    def _descend(self, outside: BoolArray, at: int, placed: Places, above: int, before: int) -> None:
        """`before`: the row of the member before, -1: none, -2: that member is left out."""
        if len(placed) > max(len(self._best), above):
            self._best = dict(placed)
        left = len(self._members) - at
        if self._over() or not left or len(placed) + left <= max(len(self._best), above):
            return
        number = self._members[at]
        swappable = at > 0 and self._alike(self._members[at - 1], number)
        if not (swappable and before == -2):
            for row in self._placing.open(number, outside).tolist():
                if swappable and self._rank[row] < self._rank[before]:
                    continue
                self._steps -= 1
                mark = self._placing.mark()
                only = np.ones(len(outside), bool)
                only[row] = False
                decision = self._placing.place(number, only)
                if decision.node is not None:
                    self._descend(outside, at + 1, placed | {number: decision}, above, row)
                    self._placing.undo(mark)
                if self._over():
                    return
        self._descend(outside, at + 1, placed, above, -2)

    def _over(self) -> bool:
        return self._steps <= 0 or len(self._best) >= self._goal
