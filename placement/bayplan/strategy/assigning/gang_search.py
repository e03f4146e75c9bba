"""A gang of few members that differ, in one domain: a search among all ways to place it."""

from collections.abc import Hashable, Sequence

import numpy as np

from bayplan.model.arrays import BoolArray
from bayplan.strategy.assigning.gang_domains import capacity
from bayplan.strategy.assigning.gang_placing import GangPlaces, Placing
from bayplan.strategy.assigning.size import sizes

LARGEST = 32
"""Members up to which a gang is searched for: the number of ways grows exponentially."""
STEPS = 300
"""Placements that are tried for one gang, in all its domains together."""

_LEFT_OUT = -2


class GangSearch:
    """Depth first, the largest member first, the tightest node first: its first descent is best-fit decreasing (Johnson 1973).

    Exact if it ends within its steps, so that a gang does not wait because a planner's choice left a node that is too small.
    O(steps x nodes).
    """

    def __init__(self, members: Sequence[int], placing: Placing) -> None:
        """They are tried the largest first, and those alike beside each other, since these may be swapped."""
        requests = [placing.request(number) for number in members]
        devices, shares = sizes(requests, placing.cluster)
        kinds: dict[Hashable, int] = {}
        kind = [kinds.setdefault((each.request_class, each.task), len(kinds)) for each in requests]
        order = np.lexsort((np.array(kind), -shares, -devices)).tolist()
        self._members, self._kind = [members[each] for each in order], [kind[each] for each in order]
        self._placing, self._rank = placing, placing.cluster.name_rank
        self._may_swap = not any(placing.cluster.neighbours.concern(each.neighbour) for each in requests)
        self._steps, self._goal = STEPS, 0
        self._best: GangPlaces = {}

    def __call__(self, outside: BoolArray, above: int, goal: int) -> GangPlaces:
        """The most of them, at most `goal`, that can be placed, if that is more than `above`; otherwise nothing. No place is
        taken. `outside`: rows that are left out."""
        self._best, self._goal = {}, goal
        if len(self._members) <= LARGEST:
            self._descend(outside, 0, {}, above, -1)
        return self._best

    def _descend(self, outside: BoolArray, at: int, placed: GangPlaces, above: int, before: int) -> None:
        """`before`: the row of the member before; -1: there is none, -2: it is left out."""
        if len(placed) > max(len(self._best), above):
            self._best = dict(placed)
        left = len(self._members) - at
        if self._over() or not left or len(placed) + left <= max(len(self._best), above):
            return
        number = self._members[at]
        like_before = self._may_swap and at > 0 and self._kind[at - 1] == self._kind[at]
        if not (like_before and before == _LEFT_OUT):
            for row in self._rows(number, outside):
                if like_before and self._rank[row] < self._rank[before]:
                    continue
                self._steps -= 1
                mark = self._placing.mark()
                only = np.ones(len(outside), bool)
                only[row] = False
                decision, _ = self._placing.place(number, only)
                if decision.node is not None:
                    self._descend(outside, at + 1, placed | {number: decision}, above, row)
                    self._placing.undo(mark)
                if self._over():
                    return
        self._descend(outside, at + 1, placed, above, _LEFT_OUT)

    def _rows(self, number: int, outside: BoolArray) -> list[int]:
        """With room for a member, the tightest first: that with room for the fewest of its kind."""
        fit, open_ = self._placing.room(number)
        rows = np.flatnonzero(open_ & ~outside)
        fits = capacity(self._placing.cluster, fit.demand, LARGEST)[rows]
        return [int(row) for row in rows[np.lexsort((self._rank[rows], fits))]]

    def _over(self) -> bool:
        return self._steps <= 0 or len(self._best) >= self._goal


def search_for(members: Sequence[int], placing: Placing) -> GangSearch | None:
    """`None` where all members are alike, and no pod nearby matters: then one after the other find all the room."""
    requests = [placing.request(number) for number in members]
    if len({each.request_class for each in requests}) > 1:
        return GangSearch(members, placing)
    return (
        GangSearch(members, placing) if any(placing.cluster.neighbours.concern(each.neighbour) for each in requests) else None
    )
