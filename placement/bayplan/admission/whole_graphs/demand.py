"""What a graph needs at once: of each quota row, the heaviest antichain of the tasks that are not over."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.quotas import QuotaKey
from bayplan.cluster.quotas.reach import Labels, Reach, reach
from bayplan.lifecycle import Flow, Gate, Run, TaskOutcome
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.graph import Graph
from bayplan.model.workload import RequestClass
from bayplan.solvers.antichains import Antichain, heaviest_antichain


@dataclass(frozen=True, slots=True, eq=False)
class GraphDemand:
    """The tasks of a graph, in columns. It never changes."""

    asks: tuple[tuple[RequestClass, ...], ...]
    """Per task, what its pods may ask: of its candidates, and of its shards where these differ. The largest counts."""
    most: IntArray
    """Per task, how many of its pods have to run at once: its shards, a gang's minimum, and none of a backup."""
    before: IntArray
    after: IntArray
    """Per edge, a task that has ended when another one starts, and that other one."""

    @property
    def signature(self) -> Hashable:
        """Equal where two graphs need the same. O(tasks + edges)."""
        return self.asks, self.most.tobytes(), self.before.tobytes(), self.after.tobytes()

    def weights(self, key: QuotaKey, home: Labels | None) -> IntArray:
        """Per task, what it holds of a quota row while it runs. `home`: as in `GraphCharge`. O(tasks + distinct classes)."""
        amounts = {each: _amount(each, key, home) for each in {each for asks in self.asks for each in asks}}
        return self.most * np.array([max(amounts[each] for each in asks) for asks in self.asks], np.int64)

    def heaviest(self, weights: IntArray, over: BoolArray) -> Antichain:
        """With the tasks that make it up. `over`: per task, it needs no more.

        Cost: one maximum flow over the tasks that are not over.
        """
        weights = np.where(over, 0, weights)
        open_ = ~(over[self.before] | over[self.after])
        return heaviest_antichain(weights, self.before[open_], self.after[open_])


def demand_of(graph: Graph, flow: Flow | None, asks: Sequence[Sequence[RequestClass]]) -> GraphDemand:
    """Of a graph whose pods ask that, per task.

    A task whose gate opens as soon as one task before it has succeeded may run beside the others, and so may what follows an
    asynchronous task: neither counts as waiting.
    """
    most = np.diff(graph.unit_start).astype(np.int64)
    edges = np.ones(len(graph.edge_child), bool)
    if flow is not None:
        for gang in flow.gangs:
            tasks = np.unique(graph.unit_task[list(gang.units)])
            if len(tasks) == 1:
                most[tasks[0]] -= len(gang.units) - gang.minimum
        most[list(flow.backed_up_by)] = 0
        edges &= flow.gate[graph.edge_child] != Gate.ANY
        if flow.repeated is not None:
            edges &= ~np.isin(graph.edge_parent, list(flow.repeated.asynchronous))
    classes = tuple(tuple(dict.fromkeys(each)) for each in asks)
    return GraphDemand(classes, most, graph.edge_parent[edges], graph.edge_child[edges])


def tasks_over(graph: Graph, flow: Flow | None, run: Run | None) -> BoolArray:
    """Per task, it needs no more pods: it has ended, and no round follows in which it runs again. O(units)."""
    if run is None:
        return np.zeros(len(graph.tasks), bool)
    if flow is None:
        return run.finished_tasks(graph)
    over: BoolArray = flow.outcomes(graph, run) != TaskOutcome.OPEN
    if flow.repeated is not None and not run.rounds_over:
        over &= ~flow.repeated.tasks
    return over


def _amount(asked: RequestClass, key: QuotaKey, home: Labels | None) -> int:
    if key.node_selector:
        there = reach(asked, key)
        if there is Reach.NEVER or (there is Reach.MAY and key.node_selector != home):
            return 0
    return key.amount(dict(asked.resources))
