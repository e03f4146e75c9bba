"""What the quotas of a graph's queue leave it, for an estimate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.estimates.capacity import Capacity
from bayplan.foresight.graph_plans import Situation
from bayplan.model.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class QuotaCap:
    """One quota row, as it stands at an instant; nothing that happens later changes it."""

    resources: tuple[tuple[str, int], ...]
    """What the row counts: each resource, and how many units of the row one of its units is."""
    nodes: frozenset[str] | None
    """Those on which it counts; `None`: all."""
    rest: int
    """So much more the queue may hold now."""
    most: int
    """So much it may hold when no other queue holds anything."""

    def counted(self, names: Sequence[str]) -> BoolArray:
        """On which nodes it counts. Shape (names,)."""
        return np.array([self.nodes is None or name in self.nodes for name in names], bool)

    def amounts(self, amounts: FloatArray, columns: Mapping[str, int]) -> FloatArray:
        """What units of tasks ask of the row. `amounts`: shape (tasks, resources); shape (tasks,)."""
        found = np.zeros(len(amounts))
        for name, units in self.resources:
            if name in columns:
                found += units * amounts[:, columns[name]]
        return found

    @property
    def alone(self) -> "QuotaCap":
        """As it will be when all that others hold has left."""
        return replace(self, rest=0)  # too little for anything, so that the most counts, less what the graph holds itself


def quota_caps(cluster: Cluster, queue: str | None) -> tuple[QuotaCap, ...]:
    """Those that limit a queue. O(quota rows x (rows + depth))."""
    quotas, number = cluster.quotas, cluster.quotas.limited(queue)
    found = []
    for each, usage in enumerate(quotas.rows if number >= 0 else ()):
        key = usage.limits.key
        if usage.limits.limited[number]:
            counts = key.counts or ((key.resource, 1),)
            nodes = None
            if not quotas.everywhere(each):
                nodes = frozenset(cluster.names[row] for row in np.flatnonzero(quotas.closed((each,), cluster.rows)).tolist())
            found.append(QuotaCap(counts, nodes, max(usage.rest(number), 0), usage.most(number)))
    return tuple(found)


def within(capacity: Capacity, caps: Sequence[QuotaCap], cluster: Cluster, situation: Situation) -> Capacity:
    """The capacity, less what quotas keep from the graph's queue: nodes with the most room keep it, the others have none.

    Where too little is left for a unit that waits, others of the queue or of its tree hold it. They will have left when it
    starts, so that what counts is the most that the queue may hold, as for nodes that are full. Of resources that count in one
    row together, each alone is capped. O(quota rows x (nodes log nodes + slots + units)).
    """
    free = capacity.free.copy()
    columns = {name: number for number, name in enumerate(cluster.resources)}
    for cap in caps:
        there = np.flatnonzero(cap.counted(situation.nodes.names))
        left = _left(cap, capacity.amounts, columns, situation)
        for name, units in cap.resources:
            if name in columns:
                free[there, columns[name]] = _kept(free[there, columns[name]], left // units)
    if (free == capacity.free).all():
        return capacity
    return replace(capacity, free=free, without_quotas=capacity.free, slots=_slots(capacity, caps, cluster, situation))


def _slots(capacity: Capacity, caps: Sequence[QuotaCap], cluster: Cluster, situation: Situation) -> BoolArray:
    """Which slots of the situation the quotas leave: the first, as many as they allow units of the mean size. Shape (slots,).

    A quota of what some task that waits does not ask for is left aside.
    """
    columns = {name: number for number, name in enumerate(cluster.resources)}
    nodes, task = situation.nodes, situation.graph.unit_task
    waits = task[~(situation.done | situation.running)]
    kept = np.ones(len(nodes.slot_node), bool)
    for cap in caps:
        asked = cap.amounts(capacity.amounts, columns)[waits]
        if len(asked) and asked.min() > 0:
            counted = kept & cap.counted(nodes.names)[nodes.slot_node]
            room = _left(cap, capacity.amounts, columns, situation) // asked.mean()
            kept &= ~counted | (np.cumsum(counted) <= room)
    return kept


def _left(cap: QuotaCap, amounts: FloatArray, columns: Mapping[str, int], situation: Situation) -> float:
    """What the graph may hold beside what it holds already, in units of the row."""
    task = situation.graph.unit_task
    asked = cap.amounts(amounts, columns)
    waits = np.unique(task[~(situation.done | situation.running)])
    if asked[waits].max(initial=0.0) <= cap.rest:
        return float(cap.rest)
    running = np.flatnonzero(situation.running)
    own = running[cap.counted(situation.nodes.names)[situation.place[running]]]
    return max(cap.most - float(asked[task[own]].sum()), 0.0)


def _kept(free: FloatArray, most: float) -> FloatArray:
    """Of what nodes have, at most so much, where most of it lies. Shape (nodes,)."""
    order = np.argsort(-free, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(free[order])[:-1]))
    kept = np.empty_like(free)
    kept[order] = np.clip(most - before, 0.0, free[order])
    return kept
