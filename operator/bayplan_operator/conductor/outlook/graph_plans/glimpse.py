"""What the thread that plans is told of a graph: copied beside the ticks, made a situation of in the thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.filters import Selector
from bayplan.cluster.snapshot import snapshot
from bayplan.foresight.estimates import QuotaCap, quota_caps
from bayplan.foresight.graph_plans import Situation, beside_own, reading, slots, still_needs
from bayplan.knowledge.node_states import Reruns, Survival
from bayplan.knowledge.run_times import RunTimes
from bayplan.lifecycle import Run, UnitState
from bayplan.model.arrays import IntArray
from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.outlook.graph_plans.expectation import Expectation
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.task_graph import Prepared

_NOTICING = 40.0
"""Seconds until Kubernetes calls a node not ready that has fallen silent: its own default."""
_THERE = (UnitState.BINDING, UnitState.RUNNING)


@dataclass(frozen=True, slots=True)
class Terms:
    """What its policy, its queue, the settings and its rounds say."""

    selector: Selector
    """Of nodes."""
    bandwidth: float
    """Bytes per second between two nodes."""
    rerun_delay: float
    """Seconds from a node's failure until what ran there begins again."""
    time_outs: Mapping[int, float] = field(default_factory=dict)
    """Task to seconds from its first start after which its round goes on without what is not needed of it."""
    quotas: tuple[QuotaCap, ...] = ()
    """That limit its queue."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One graph and the cluster at one instant; nothing that happens later changes it."""

    prepared: Prepared
    run: Run
    cluster: Cluster
    terms: Terms
    now: float
    run_times: RunTimes | None = None
    """What was learned; none: hints are all there is."""
    survival: Survival | None = None
    """How surely nodes hold out; none: nothing was seen."""

    def reruns(self, classes: Sequence[str]) -> Reruns | None:
        """What failures of nodes of these classes cost; none: nothing, as far as was seen."""
        return None if self.survival is None else self.survival.reruns(classes, self.terms.rerun_delay)


def glimpse(graph: GraphRun, cluster: Cluster, bandwidth: float, now: float) -> Glimpse:
    """The graph as it stands now. O(units + nodes x resources).

    Raises `ValueError` for a graph without a run or a policy.
    """
    running, policy = graph.running, graph.known.policy
    if running is None or policy is None:
        raise ValueError(f"graph {graph.key} has no run or no policy: there is nothing to plan")
    selector, delay = policy.placing(graph.decided.strategy).node_selector, _NOTICING + policy.spec.node_loss_grace
    quotas = quota_caps(cluster, running.prepared.spec.queue_name)
    terms = Terms(selector, bandwidth, delay, running.controls.time_outs, quotas)
    return Glimpse(running.prepared, running.run.copy(), snapshot(cluster), terms, now)


def situation(seen: Glimpse, expectation: Expectation | None = None) -> Situation:
    """What a plan is made of. O(classes of requests x nodes + tasks x classes of nodes + edges to what runs).

    `expectation`: of the same graph, from one situation to the next.
    """
    graph, run = seen.prepared.graph, seen.run
    classes = tuple(template.request_class for template in seen.prepared.templates)
    # What the graph goes on without is as good as done: nothing waits for it.
    done, there = run.state >= UnitState.SUCCEEDED, np.isin(run.state, _THERE)
    waiting = ~done & ~there
    nodes = slots(seen.cluster, _asks(classes, graph.unit_task[waiting]), max(1, int(waiting.sum())), seen.terms.selector)
    place = np.array([nodes.number.get(name, -1) for name in run.node], np.int64)
    place[waiting | (run.state > UnitState.SUCCEEDED)] = -1
    seconds = (expectation or Expectation()).seconds(seen.prepared, nodes.classes, seen.run_times)
    left = np.full(graph.units, np.nan)
    for unit in np.flatnonzero(there & (place >= 0)).tolist():
        task, node = int(graph.unit_task[unit]), place[[unit]]
        read = reading.seconds(*reading.sources(graph, seen.prepared.data, place, task, seen.terms.bandwidth), node)
        expected = float(seconds[task, nodes.node_class[node[0]]] + read[0])
        elapsed = max(0.0, seen.now - run.started[unit]) if np.isfinite(run.started[unit]) else 0.0
        left[unit] = still_needs(expected, elapsed)
    seconds = np.where(nodes.admitting(classes), seconds, np.inf)
    found = Situation(graph, seconds, seen.prepared.data, seen.terms.bandwidth, nodes, seen.now, done, place, left)
    return beside_own(found, seen.cluster)


def with_reruns(there: Situation, seen: Glimpse) -> Situation:
    """The situation with what failures of nodes are expected to add to run times. O(tasks x classes of nodes)."""
    found = seen.reruns(there.nodes.classes)
    return there if found is None else replace(there, seconds=found.expected(there.seconds))


def _asks(classes: Sequence[RequestClass], tasks: IntArray) -> dict[RequestClass, int]:
    """Class to the number of units, of which `tasks` holds the tasks."""
    asks: dict[RequestClass, int] = {}
    for task, count in zip(*(each.tolist() for each in np.unique(tasks, return_counts=True)), strict=True):
        asks[classes[task]] = asks.get(classes[task], 0) + count
    return asks
