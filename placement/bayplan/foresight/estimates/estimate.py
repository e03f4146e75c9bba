"""When a graph will have ended, as a distribution: its plan played through with sampled run times."""

from dataclasses import dataclass, replace

import numpy as np

from bayplan.foresight.estimates.capacity import Capacity
from bayplan.foresight.estimates.durations import Durations
from bayplan.foresight.estimates.late import least_work
from bayplan.foresight.estimates.luck import Luck
from bayplan.foresight.estimates.on_nodes import ends_on_nodes
from bayplan.foresight.estimates.sketch import MOST_PAIRS, sketch
from bayplan.foresight.graph_plans import Plan, Situation, improve, make_plan, matters
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.compiled import HAVE_NUMBA
from bayplan.solvers.kernels.scheduling.lateness import Lateness
from bayplan.solvers.kernels.scheduling.playing import Score, play
from bayplan.solvers.schedules.budget import Budget

MOST_PLACES = 20_000 if HAVE_NUMBA else 1_000
"""Units times nodes up to which an estimate is played node by node: about a second at most."""
_MOST_WAITS = 150_000 if HAVE_NUMBA else 8_000
"""Where units may wait for better nodes, units times the square of the nodes, too."""
_DRAWS = 400_000 if HAVE_NUMBA else 40_000
_MOST, _LEAST = 256, 32
_STEPS, _STEPS_PER_UNIT = 30_000, 300
"""Of the search for a better plan, at most: as the simulator's for a new plan."""


def samples(units: int) -> int:
    """How many samples an estimate of so many units takes: 256, fewer from about 1,500 units on, and without numba."""
    return max(_LEAST, min(_MOST, _DRAWS // max(units, 1) // 2 * 2))


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A distribution of the end."""

    ends: FloatArray
    """Shape (samples,), ascending: seconds from the situation's `now` on; infinite where something never finds a place."""

    def quantile(self, probability: float) -> float:
        """Seconds by which it has ended with that probability."""
        rank = probability * len(self.ends) - 0.5
        low = min(max(int(np.floor(rank)), 0), len(self.ends) - 1)
        high = min(low + 1, len(self.ends) - 1)
        if self.ends[low] == self.ends[high]:
            return float(self.ends[low])
        return float(self.ends[low] + (self.ends[high] - self.ends[low]) * min(max(rank - low, 0.0), 1.0))

    def probability_by(self, seconds: float) -> float:
        """Of having ended so many seconds from now; never falls as they grow."""
        return float(np.searchsorted(self.ends, seconds, side="right")) / len(self.ends)


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A plan, and what is known of its run times: everything that is played, to be varied."""

    situation: Situation
    node_class: IntArray
    """Shape (units,): where each runs; of units without a place where it would run best."""
    reading: FloatArray
    """Shape (units,): seconds in which it reads what others have left."""
    priority: FloatArray
    """Shape (tasks,): of those that wait, the highest goes first."""
    free_at: FloatArray
    """Shape (slots,): as in `Nodes`, those of units that run left out."""
    slot_class: IntArray
    """Shape (slots,)."""
    durations: Durations
    elapsed: FloatArray
    """Shape (units,): seconds that a unit runs already; NaN: it does not."""
    luck: Luck
    plan: Plan | None = None
    """None: there is only a sketch of one."""
    capacity: Capacity | None = None
    """Of the nodes; none: it is not known, and slots have to do."""
    late: Lateness | None = None
    """Which units are not waited for; none: all are."""

    @classmethod
    def of(
        cls, plan: Plan, durations: Durations, elapsed: FloatArray, luck: Luck, capacity: Capacity | None = None
    ) -> "Scenario":
        """What is planned. `capacity`: of the nodes; none: they hold as many units as they have slots."""
        if capacity is None and not plan.situation.nodes.slot_free.any():
            capacity = Capacity.of_slots(plan.situation)
        situation, nodes = plan.situation, plan.situation.nodes
        best = np.argmin(situation.seconds, axis=1)[situation.graph.unit_task]
        node_class = np.where(plan.node >= 0, nodes.node_class[plan.node], best)
        expected = situation.seconds[situation.graph.unit_task, node_class]
        placed = (plan.slot >= 0) & ~situation.running
        reading = np.zeros(len(placed))
        reading[placed] = np.maximum(plan.seconds[placed] - expected[placed], 0.0)
        return cls(
            situation, node_class, reading, plan.rank, nodes.slot_free, nodes.node_class[nodes.slot_node],
            durations, elapsed, luck, plan, capacity,
        )  # fmt: skip

    @classmethod
    def on(
        cls, situation: Situation, durations: Durations, elapsed: FloatArray, luck: Luck, capacity: Capacity | None = None
    ) -> "Scenario":
        """What a plan made for the situation says; where that would take too long, what `sketch` does.

        Where it is played node by node, without turns, the plan is improved first, as those are that graphs are placed by.
        """
        places = situation.graph.units * len(situation.nodes.names)
        if capacity is not None and capacity.slots is not None and places > MOST_PLACES:
            nodes, kept = situation.nodes, capacity.slots
            nodes = replace(nodes, slot_node=nodes.slot_node[kept], slot_free=nodes.slot_free[kept])
            situation = replace(situation, nodes=nodes)
        if situation.graph.units * len(situation.nodes.slot_node) <= MOST_PAIRS:
            plan = make_plan(situation)
            found = cls.of(plan, durations, elapsed, luck, capacity)
            by_plan = found.by_node and found.capacity is not None and not found.capacity.turns.shape[1]
            better = _improved(plan, durations) if by_plan else None
            return found if better is None else cls.of(better, durations, elapsed, luck, capacity)
        node_class, rank = sketch(situation)
        nodes = situation.nodes
        return cls(
            situation, node_class, np.zeros(len(node_class)), rank, nodes.slot_free, nodes.node_class[nodes.slot_node],
            durations, elapsed, luck, None, capacity,
        )  # fmt: skip

    @property
    def by_node(self) -> bool:
        """It is played node by node, not on slots: what happens is foreseen more closely so, and it takes longer."""
        nodes = len(self.situation.nodes.names)
        places = self.situation.graph.units * nodes
        if self.plan is None or self.capacity is None or places > MOST_PLACES:
            return False
        return self.capacity.turns.shape[1] > 0 or places * nodes <= _MOST_WAITS

    def with_slots(self, wide: BoolArray) -> "Scenario":
        """With as many free slots as there are units of each class that `wide`, shape (classes,), names."""
        kept = ~wide[self.slot_class]
        waits = ~(self.situation.done | self.situation.running) & wide[self.node_class]
        return replace(
            self,
            free_at=np.concatenate((self.free_at[kept], np.zeros(int(waits.sum())))),
            slot_class=np.concatenate((self.slot_class[kept], self.node_class[waits])),
            capacity=self.capacity and replace(self.capacity, endless=tuple(np.flatnonzero(wide).tolist())),
        )

    @property
    def capped(self) -> bool:
        """Quotas keep some of what the nodes have from it."""
        return self.capacity is not None and self.capacity.without_quotas is not None

    def without_quotas(self) -> "Scenario":
        """With all that the nodes have."""
        if self.capacity is None or self.capacity.without_quotas is None:
            return self
        return replace(self, capacity=replace(self.capacity, free=self.capacity.without_quotas, without_quotas=None))

    def on_fastest(self) -> "Scenario":
        """Every unit that has not started on the class that is fastest for it, with as many slots as it takes."""
        fastest = np.argmin(self.situation.seconds, axis=1)[self.situation.graph.unit_task]
        fixed = self.situation.done | self.situation.running
        only = self.capacity and replace(self.capacity, only=np.argmin(self.situation.seconds, axis=1))
        moved = replace(self, node_class=np.where(fixed, self.node_class, fastest), capacity=only)
        return moved.with_slots(np.ones(len(self.situation.nodes.classes), bool))

    def with_shorter(self, task: int, factor: float) -> "Scenario":
        """With a task whose units take so many times as long."""
        location = self.durations.location.copy()
        location[task] += np.log(factor)
        return replace(self, durations=replace(self.durations, location=location))

    def estimate(self) -> Estimate:
        """Play it. On slots O(samples * ((units + slots) * log(units + slots) + edges)); node by node as `play_on_nodes`."""
        return Estimate(np.sort(self.ends()))

    def ends(self) -> FloatArray:
        """Shape (samples,), in the order of the draws: seconds from now until the last unit has ended. Costs an `estimate`."""
        graph, situation = self.situation.graph, self.situation
        if self.by_node and self.plan is not None and self.capacity is not None:
            known = (self.durations, self.elapsed, self.luck, self._late)
            return ends_on_nodes(self.capacity, self.plan, self.reading, *known)
        seconds = self.luck.seconds(graph, self.durations, self.node_class, self.elapsed) + self.reading[:, None]
        order = np.lexsort((np.arange(graph.units), -self.priority[graph.unit_task]))
        rank = np.empty(graph.units, np.int64)
        rank[order] = np.arange(graph.units)
        score = Score(
            graph.unit_task,
            graph.unit_start,
            np.diff(graph.parents.indptr),
            graph.children.indptr,
            graph.children.indices,
            rank,
            self.node_class,
            situation.running,
            situation.done,
            self.free_at,
            self.slot_class,
            len(situation.nodes.classes),
            self._late,
        )
        ends = play(score, np.ascontiguousarray(seconds.T))
        if self.capacity is not None and not self.capacity.endless:
            worked = least_work(graph, self._late, seconds)
            ends = np.maximum(ends, self.capacity.work(situation, worked))  # slots are coarser than what pods ask
        return np.asarray(ends)

    @property
    def _late(self) -> Lateness:
        return Lateness.never(np.diff(self.situation.graph.unit_start)) if self.late is None else self.late


def estimate(plan: Plan, durations: Durations, elapsed: FloatArray, seed: int) -> Estimate:
    """When the graph of a plan will have ended. The same arguments give the same answer.

    `elapsed`: shape (units,), seconds that a unit runs already, NaN: it does not. Run times are drawn as often as
    `samples` says, given what has elapsed. The plan's order is kept. Up to `MOST_PLACES` units times nodes a unit takes the
    node on which it is expected to end first, or waits for it, as an operator does that plans again. Above that, the plan's
    choice of node classes is kept too, and of slots of one class the first that is free is taken.
    """
    luck = Luck.draw(plan.situation.graph, samples(plan.situation.graph.units), seed)
    return Scenario.of(plan, durations, elapsed, luck).estimate()


def _improved(plan: Plan, durations: Durations) -> Plan | None:
    """None: it is as good as it gets, or nothing depends on it."""
    situation = plan.situation
    waiting = int(np.count_nonzero(~(situation.done | situation.running)))
    if not matters(situation) or not waiting:
        return None
    steps = Budget(min(_STEPS, _STEPS_PER_UNIT * waiting))
    return improve(plan, situation, steps, np.random.default_rng(0), durations.scale)
