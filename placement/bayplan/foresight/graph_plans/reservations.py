"""Where a unit may go without upsetting its graph's plan."""

import numpy as np

from bayplan.foresight.graph_plans.plan import Plan
from bayplan.model.arrays import BoolArray, FloatArray, IntArray

PATIENCE = 1.0
"""A reservation ends so many expected run times after its planned start."""
TOLERANCE = 0.05
"""A place counts as good as the planned one if the unit ends there later by no more than this share of its run time."""
_ALIKE = 1e-6


class Reservations:
    """Slots that the plan keeps for units that have not begun."""

    def __init__(self, plan: Plan, now: float) -> None:
        self._plan, self._now = plan, now
        self._waits = ~plan.progress.begun & (plan.slot >= 0) & (ends(plan) > now)
        self._by_slot = np.argsort(plan.slot, kind="stable")
        self._first = np.searchsorted(plan.slot[self._by_slot], np.arange(len(plan.nodes.slot_node) + 1))
        running = np.flatnonzero(plan.progress.running)
        at_home = running[(plan.progress.place[running] == plan.node[running]) & (plan.slot[running] >= 0)]
        self._busy = np.zeros(len(plan.nodes.slot_node), bool)
        self._busy[plan.slot[at_home]] = True
        elsewhere = plan.progress.place[np.setdiff1d(running, at_home)]
        self._strays = np.bincount(elsewhere[elsewhere >= 0], minlength=len(plan.nodes.names))

    def begin(self, unit: int, node: int) -> None:
        """A unit has been placed."""
        self._waits[unit] = False
        if node == self._plan.node[unit] and self._plan.slot[unit] >= 0:
            self._busy[self._plan.slot[unit]] = True
        elif node >= 0:
            self._strays[node] += 1

    def overdue(self, unit: int) -> bool:
        """The unit has waited long enough for its place."""
        return bool(self._now >= until(self._plan, unit))

    def free(self, unit: int, numbers: IntArray, seconds: FloatArray) -> BoolArray:
        """Shape (places,): the unit could run there and end before the plan needs the slot, and is not much later than planned.

        `numbers`: of the nodes in the plan, -1: not in it; `seconds`: that it takes there. O(units + slots + places).
        """
        plan, now = self._plan, self._now
        late = max(0.0, now - float(plan.start[unit]))
        # Elsewhere than planned, what waits for its results has to read them.
        passed_on = plan.situation.passed_on[plan.situation.graph.unit_task[unit]]
        until_read = now + seconds + np.where(numbers == plan.node[unit], 0.0, passed_on)
        soon_enough = until_read <= plan.finish[unit] + late + TOLERANCE * plan.seconds[unit]
        return np.asarray(soon_enough & self.spare(unit, numbers, seconds))

    def spare(self, unit: int, numbers: IntArray, seconds: FloatArray) -> BoolArray:
        """As `free`, however late the unit ends there: no other unit of the graph is held up."""
        plan, now = self._plan, self._now
        # Per node, the longest that one of its slots stays free.
        room = np.zeros(len(plan.nodes.names))
        idle = np.flatnonzero(~self._busy)
        until_next = self._next_start(unit)[idle] - now
        if self._strays.any():
            idle, until_next = self._without_strays(idle, until_next)
        np.maximum.at(room, plan.nodes.slot_node[idle], until_next)
        return np.asarray(np.append(room, np.inf)[numbers] >= seconds - _ALIKE * (1.0 + seconds))

    def own(self, unit: int, seconds: float) -> bool:
        """Whether its planned slot is its to take now: it would hold up no unit that goes before it there."""
        plan, slot = self._plan, int(self._plan.slot[unit])
        if self._busy[slot]:
            return False
        there = self._by_slot[self._first[slot] : self._first[slot + 1]]
        before = there[self._waits[there] & (plan.start[there] < plan.start[unit])]
        room = float(plan.start[before].min(initial=np.inf)) - self._now
        return room >= seconds * (1 - _ALIKE) - _ALIKE

    def _next_start(self, unit: int) -> FloatArray:
        """Per slot, when the first that goes before the unit, or on another slot than its own, is planned to start there."""
        plan = self._plan
        kept = self._waits & ((plan.slot != plan.slot[unit]) | (plan.start < plan.start[unit]))
        starts = np.full(len(plan.nodes.slot_node), np.inf)
        np.minimum.at(starts, plan.slot[kept], plan.start[kept])
        return starts

    def _without_strays(self, idle: IntArray, until_next: FloatArray) -> tuple[IntArray, FloatArray]:
        """Less a slot for each unit that runs on a node without being planned there: those that stay free longest."""
        node = self._plan.nodes.slot_node[idle]
        order = np.lexsort((-until_next, node))
        node = node[order]
        place = np.arange(len(node)) - np.searchsorted(node, node)
        kept = order[place >= self._strays[node]]
        return idle[kept], until_next[kept]


def ends(plan: Plan) -> FloatArray:
    """Per unit, when its reservation ends at the latest, in seconds since the epoch."""
    with np.errstate(invalid="ignore"):
        return np.asarray(plan.start + PATIENCE * plan.seconds)


def until(plan: Plan, unit: int) -> float:
    """When a unit's reservation ends at the latest: from then on it takes any place."""
    return float(plan.start[unit] + PATIENCE * plan.seconds[unit])
