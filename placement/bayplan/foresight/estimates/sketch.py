"""Which class of nodes each unit runs on, where a whole plan would take too long or too much memory."""

import numpy as np

from bayplan.foresight.graph_plans import Situation
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.solvers.kernels.scheduling.ranking import chains

MOST_PAIRS = 4_000_000
"""Units times slots up to which a plan is made: 32 MB, and a few hundred milliseconds."""


def sketch(situation: Situation) -> tuple[IntArray, FloatArray]:
    """Shape (units,): the class of each unit, of running ones where they are; shape (tasks,): upward ranks, fastest everywhere.

    Tasks by rank, each to the class on which its work, added to what was given to that class before and spread over its slots,
    ends first. O(tasks * (classes + log tasks) + units + edges).
    """
    graph, nodes = situation.graph, situation.nodes
    least = situation.seconds.min(axis=1, initial=np.inf)
    least = np.where(np.isfinite(least), least, 0.0)
    ahead = chains(
        graph.topological[::-1].copy(),
        graph.children.indptr,
        graph.children.indices,
        np.zeros(len(graph.children.indices)),
        least,
    )
    rank = least + ahead
    slots = np.bincount(nodes.node_class[nodes.slot_node], minlength=len(nodes.classes)).astype(np.float64)
    running = situation.running
    slots += np.bincount(nodes.node_class[situation.place[running]], minlength=len(nodes.classes))
    waiting = np.bincount(graph.unit_task[~(situation.done | running)], minlength=len(graph.tasks))
    given, chosen = np.zeros(len(nodes.classes)), np.zeros(len(graph.tasks), np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        for task in np.argsort(-rank, kind="stable").tolist():
            work = situation.seconds[task] * waiting[task]
            ends = np.maximum((given + work) / slots, situation.seconds[task])
            chosen[task] = int(np.argmin(np.where(slots > 0, ends, np.inf)))
            given[chosen[task]] += work[chosen[task]] if waiting[task] else 0.0
    node_class = chosen[graph.unit_task]
    node_class[running] = nodes.node_class[situation.place[running]]
    return node_class, rank
