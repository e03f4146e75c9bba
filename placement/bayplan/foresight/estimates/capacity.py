"""What nodes have and what units hold of it, for an estimate that is played node by node."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Situation
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """Of the nodes of a situation, in the order of their names."""

    free: FloatArray
    """Shape (nodes, resources): beside everything that is there now, what the graph's own units hold left out."""
    amounts: FloatArray
    """Shape (tasks, resources): what a unit holds while it runs."""
    turns: IntArray
    """Shape (nodes, levels): which node a policy takes first, the lowest turn, by how many units are there; without levels
    every unit goes where it ends first, as the planner `Planned` has it."""
    endless: tuple[int, ...] = ()
    """Numbers of classes of which there are as many nodes more as can be used."""
    without_quotas: FloatArray | None = None
    """As `free`, were there no quotas; none: none keeps anything from the graph."""
    slots: BoolArray | None = None
    """Shape (slots of the situation,): those that quotas leave, where it is played on slots; none: all."""
    only: IntArray | None = None
    """Shape (tasks,): the number of the class on which alone units of a task run; none: on all that admit them."""

    @classmethod
    def of_slots(cls, situation: Situation) -> "Capacity":
        """As many units on each node as it has slots, whatever they ask."""
        nodes = situation.nodes
        count = np.bincount(nodes.slot_node, minlength=len(nodes.names)).astype(np.float64)
        return cls(count[:, None], np.ones((len(situation.graph.tasks), 1)), _no_turns(len(nodes.names)))

    @classmethod
    def of_nodes(
        cls, cluster: Cluster, situation: Situation, classes: Sequence[RequestClass], turns: IntArray | None = None
    ) -> "Capacity":
        """What the nodes of a cluster have free for what the tasks ask, one class per task.

        A resource counts as a whole per node, the parts of its GPUs too. Where no node has room for a class beside others,
        those that could hold it count as empty, as in `slots`: when others leave is not known.
        O(nodes x resources + tasks x nodes).
        """
        nodes = situation.nodes
        rows = np.array([cluster.row(name) for name in nodes.names], np.int64)
        devices = (cluster.gpu_free.clip(0).sum(axis=1), cluster.gpu_count * WHOLE)
        free, whole = (
            np.column_stack((np.maximum(values, 0), parts))[rows].astype(np.float64)
            for values, parts in zip((cluster.allocatable - cluster.used, cluster.allocatable), devices, strict=True)
        )
        amounts = _amounts(cluster, classes)
        own = np.zeros_like(free)
        running = np.flatnonzero(situation.running)
        np.add.at(own, situation.place[running], amounts[situation.graph.unit_task[running]])
        waits = np.unique(situation.graph.unit_task[~(situation.done | situation.running)])
        admitted = np.isfinite(situation.seconds[:, nodes.node_class])
        empty = np.zeros(len(rows), bool)
        for task in waits.tolist():
            if not (admitted[task] & (free + own >= amounts[task]).all(axis=1)).any():
                empty |= admitted[task]
        free[empty] = np.maximum(whole - own, 0.0)[empty]
        return cls(free, amounts, _no_turns(len(rows)) if turns is None else turns)

    def work(self, situation: Situation, seconds: FloatArray) -> FloatArray:
        """Shape (samples,): seconds that the nodes take for all work. `seconds`: shape (units, samples). O(units x samples)."""
        task, running = situation.graph.unit_task, situation.running
        there = self.free.sum(axis=0) + self.amounts[task[running]].sum(axis=0)
        counted = there > 0
        amounts = np.where(situation.done[:, None], 0.0, self.amounts[task])[:, counted]
        return np.asarray((seconds.T @ (amounts / there[counted])).max(axis=1, initial=0.0))


def _no_turns(nodes: int) -> IntArray:
    return np.zeros((nodes, 0), np.int64)


def _amounts(cluster: Cluster, classes: Sequence[RequestClass]) -> FloatArray:
    """Shape (tasks, resources + 1): the last is thousandths of GPUs."""
    number = {asked: each for each, asked in enumerate(dict.fromkeys(classes))}
    table = np.zeros((len(number), len(cluster.resources) + 1))
    for asked, row in number.items():
        demand = cluster.demand(asked)
        table[row, demand.columns] = demand.amounts
        table[row, -1] = 0 if demand.gpus is None else demand.gpus.total
    return table[[number[asked] for asked in classes]]
