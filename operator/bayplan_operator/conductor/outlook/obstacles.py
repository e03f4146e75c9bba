"""What keeps a graph from ending that no run time can tell: gates of others, quotas, and nodes that all refuse."""

from collections.abc import Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan.foresight.estimates import could_hold
from bayplan.lifecycle import UnitState
from bayplan.model.reasons import Reason
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.record.running import Running

Refusing = Mapping[RequestClass, frozenset[str]]
"""Per class of pods, the nodes that refuse it, one attempt after the other."""


def obstacle(running: Running, cluster: Cluster, selector: Selector, refusing: Refusing) -> str:
    """Why the end of a run cannot be told, in words; empty: nothing of the kind is known.

    `selector`: nodes that the policy leaves. O(notes + units, and nodes for each class that some node refuses).
    """
    graph, run = running.prepared.graph, running.run
    if gated := running.gated:
        held = graph.tasks[int(graph.unit_task[gated[0]])].name
        return f"a scheduling gate of another program holds back task {held}"
    if too_large := _beyond_quota(running, cluster):
        return too_large
    if not refusing:
        return ""
    states = np.zeros((len(graph.tasks), len(UnitState)), bool)
    states[graph.unit_task, run.state] = True
    wants = (states[:, UnitState.READY] | states[:, UnitState.BINDING]) & ~states[:, UnitState.RUNNING]
    for task in np.flatnonzero(wants).tolist():
        asked = running.prepared.templates[task].request_class
        nodes = refusing.get(asked)
        if nodes and nodes.issuperset(_names(cluster, asked, selector)):
            return f"every node that could hold task {graph.tasks[task].name} has refused or evicted it lately"
    return ""


def _beyond_quota(running: Running, cluster: Cluster) -> str:
    """A task of which the queue may never hold a shard, on any node. O(shards that wait)."""
    tasks, queue, quotas = running.prepared.graph.unit_task, running.prepared.spec.queue_name, cluster.quotas
    waiting = running.asking.waiting.items()
    for task in sorted({int(tasks[unit]) for unit, why in waiting if why.reason is Reason.QUOTA_EXCEEDED}):
        pairs = cluster.demand(running.prepared.templates[task].request_class).pairs
        never = (row for row in quotas.short(queue, pairs) if quotas.never(row, queue, pairs))
        if any(not quotas.rows[row].limits.key.node_selector for row in never):
            return f"queue {queue} may never hold what task {running.prepared.graph.tasks[task].name} asks for"
    return ""


def _names(cluster: Cluster, asked: RequestClass, selector: Selector) -> list[str]:
    return [cluster.names[row] for row in np.flatnonzero(could_hold(cluster, asked, selector)).tolist()]
