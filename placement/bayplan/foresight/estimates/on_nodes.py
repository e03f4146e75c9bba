"""Playing a graph node by node: the samples' ends."""

import numpy as np

from bayplan.foresight.estimates.capacity import Capacity
from bayplan.foresight.estimates.durations import Durations
from bayplan.foresight.estimates.luck import Luck
from bayplan.foresight.graph_plans import Plan, Situation
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.solvers.kernels.scheduling.lateness import Lateness
from bayplan.solvers.kernels.scheduling.playing_on_nodes import Stage, play_on_nodes


def ends_on_nodes(
    capacity: Capacity,
    plan: Plan,
    reading: FloatArray,
    durations: Durations,
    elapsed: FloatArray,
    luck: Luck,
    late: Lateness,
) -> FloatArray:
    """Shape (samples,): seconds from the `now` of the plan's situation on. `elapsed`: as in `estimate`.

    Units go by the plan's upward rank. Without turns they read as long as planned, since an operator that plans again
    keeps what belongs together on one node, wherever that is. The cost is that of `play_on_nodes`.
    """
    situation = plan.situation
    graph, nodes = situation.graph, situation.nodes
    turns = capacity.turns.shape[1] > 0
    more = list(capacity.endless)
    node_class = np.concatenate((nodes.node_class, np.array(more, np.int64)))
    admits = _admits(situation, capacity, node_class)
    expected = np.where(np.isfinite(situation.seconds), situation.seconds, 0.0)
    stage = Stage(
        graph.unit_task,
        graph.unit_start,
        graph.parents.indptr,
        graph.parents.indices,
        situation.data / np.diff(graph.unit_start)[graph.parents.indices] / situation.bandwidth,
        graph.children.indptr,
        graph.children.indices,
        np.lexsort((np.arange(graph.units), -plan.rank[graph.unit_task])),
        np.full(graph.units, np.nan) if turns else reading,
        capacity.amounts,
        np.concatenate((capacity.free, np.full((len(more), capacity.free.shape[1]), np.inf))),
        node_class,
        np.concatenate((np.arange(len(nodes.names)), np.full(len(more), -1))),
        admits,
        _kinds(capacity, admits),
        expected,
        _turns(capacity, len(more)),
        situation.place,
        np.where(situation.running, situation.left, 0.0),
        situation.running,
        situation.done,
        late,
    )
    return play_on_nodes(stage, _seconds(situation, durations, elapsed, luck))


def _admits(situation: Situation, capacity: Capacity, node_class: IntArray) -> BoolArray:
    """Shape (tasks, nodes)."""
    admits = np.isfinite(situation.seconds)
    if capacity.only is not None:
        admits = admits & (np.arange(admits.shape[1]) == capacity.only[:, None])
    return np.ascontiguousarray(admits[:, node_class])


def _kinds(capacity: Capacity, admits: BoolArray) -> IntArray:
    """Shape (tasks,)."""
    _, kinds = np.unique(np.column_stack((capacity.amounts, admits)), axis=0, return_inverse=True)
    return np.asarray(kinds.reshape(-1))


def _turns(capacity: Capacity, more: int) -> IntArray:
    """Nodes that are not there yet are taken when none of the others has room."""
    last = np.full((more, capacity.turns.shape[1]), np.iinfo(np.int64).max)
    return np.concatenate((capacity.turns, last))


def _seconds(situation: Situation, durations: Durations, elapsed: FloatArray, luck: Luck) -> FloatArray:
    """Shape (samples, classes, units): on each class the same luck; of what runs, on its own class alone."""
    running = situation.running
    there = situation.nodes.node_class[situation.place[running]]
    drawn = []
    for number in range(len(situation.nodes.classes)):
        node_class = np.full(situation.graph.units, number)
        node_class[running] = there
        drawn.append(luck.seconds(situation.graph, durations, node_class, elapsed).T)
    return np.ascontiguousarray(np.stack(drawn, axis=1))
