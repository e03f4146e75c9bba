"""How long a unit would take where, as far as its plan's graph knows."""

from collections.abc import Hashable, Mapping

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import reading
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.workload import Request


def plan_of(request: Request, plans: Mapping[Hashable, Plan] | None) -> tuple[Plan, int] | None:
    """The plan of a request's graph, and the number of its unit; none: it is not planned."""
    unit = request.unit
    if not plans or unit is None:
        return None
    plan = plans.get(request.graph)
    return (plan, unit) if plan is not None and 0 <= unit < len(plan.slot) else None


def sources(plan: Plan, task: int) -> tuple[IntArray, FloatArray]:
    """`reading.sources` of a task in its plan's graph, as far as units have begun."""
    situation = plan.situation
    return reading.sources(situation.graph, situation.data, plan.progress.place, task, situation.bandwidth)


def seconds_there(plan: Plan, task: int, cluster: Cluster) -> FloatArray:
    """Per row of the cluster, seconds from its begin to its end, with what it reads from other nodes. O(rows + parents' units).

    A node that came after the plan counts as others of its class; of a class that is not in it, as the mean.
    """
    numbers, classes = numbers_of(plan, cluster), _classes(plan, cluster)
    known = plan.situation.seconds[task]
    finite = known[np.isfinite(known)]
    usual = float(finite.mean()) if len(finite) else 0.0
    run = np.append(np.where(np.isfinite(known), known, usual), usual)[classes]
    return np.asarray(run + reading.seconds(*sources(plan, task), numbers))


def numbers_of(plan: Plan, cluster: Cluster) -> IntArray:
    """Per row of the cluster, the number of its node in `plan.nodes.names`; -1: it came later. Kept until a node changes."""

    def made() -> IntArray:
        return np.array([plan.nodes.number.get(name, -1) if name else -1 for name in cluster.names], np.int64)

    return cluster.static_memo(("numbers of a plan", plan.nodes), made)


def _classes(plan: Plan, cluster: Cluster) -> IntArray:
    """Per row of the cluster, the number of its class in `plan.nodes.classes`; -1: none."""

    def made() -> IntArray:
        by_name = {name: number for number, name in reversed(list(enumerate(plan.nodes.classes)))}
        by_class = np.array([by_name.get(name, -1) for name in cluster.node_classes], np.int64)
        numbers = numbers_of(plan, cluster)
        return np.where(numbers >= 0, np.append(plan.nodes.node_class, -1)[numbers], by_class[cluster.node_class])

    return cluster.static_memo(("classes of a plan", plan.situation), made)


def planned_share(plan: Plan, task: int, cluster: Cluster) -> FloatArray:
    """Per row of the cluster, units of a task that are planned on nodes of its class, over those on the class with most.

    O(rows + the task's units).
    """
    graph = plan.situation.graph
    nodes = plan.node[graph.unit_start[task] : graph.unit_start[task + 1]]
    counts = np.bincount(plan.nodes.node_class[nodes[nodes >= 0]], minlength=len(plan.nodes.classes)).astype(np.float64)
    return np.append(counts / max(1.0, float(counts.max(initial=0.0))), 0.0)[_classes(plan, cluster)]
