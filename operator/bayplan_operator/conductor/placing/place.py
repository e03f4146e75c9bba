"""From the shards that want a place to pods on nodes."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bayplan.cluster.cluster import Cluster
from bayplan.core.by_policy import by_policy
from bayplan.core.engine import place
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan_operator import metrics, names
from bayplan_operator.conductor.graph_run import GraphRun, Running
from bayplan_operator.translate.own_pod import Identity, Pending
from bayplan_operator.translate.pod import Place, PodRole, pod_manifest
from bayplan_operator.translate.policy import Policy
from bayplan_operator.translate.task_identity import TaskId
from bayplan_operator.view import PodStore
from bayplan_operator.writer.pods import Creation, PodWriter


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shard that wants a place."""

    graph: GraphRun
    running: Running
    unit: int
    request: Request


def wanted(graphs: Iterable[GraphRun]) -> list[Wanted]:
    """All shards of all graphs that want a place now."""
    found = []
    for graph in graphs:
        running = graph.running
        if running is None or not graph.startable:
            continue
        for unit in running.wants.start:
            request = running.requests.get(unit)
            if request is None:
                request = running.requests[unit] = _request(graph, running, unit)
            found.append(Wanted(graph, running, unit, request))
    return found


def decide(
    batch: list[Wanted], cluster: Cluster, context: Context, box: Callable[[], Callable[[], bool]], pods: PodStore
) -> list[tuple[Wanted, Decision]]:
    """A decision for each; places that were found are charged to the cluster before the next group is decided.

    One group per policy and, of an adaptive one, candidate; each with a time box of its own, which ``box`` begins. Where
    several compete, the higher priorities of all of them go first.
    """
    decided = []
    turn = context.turn
    with_policy = [each for each in batch if each.graph.policy is not None]
    for group in by_policy(with_policy, _decided_by, lambda each: each.request.priority):
        strategy = _policy(group[0]).placing(group[0].graph.strategy)
        requests = [each.request for each in group]
        boxed = replace(context, turn=turn, stop=box())
        for each, decision in zip(group, place(requests, cluster, strategy, boxed), strict=True):
            if decision.node is not None:
                _assume(each, decision, decision.node, pods)
                turn += 1
            decided.append((each, decision))
    return decided


def time_box(seconds: float, monotonic: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """Whether so many seconds have passed since now."""
    end = monotonic() + seconds
    return lambda: monotonic() >= end


def create(each: Wanted, decision: Decision, writer: PodWriter, now: float) -> None:
    """Have the pod made that stands for a decision."""
    graph, running, unit = each.graph, each.running, each.unit
    policy = graph.policy
    if policy is None or decision.node is None:
        raise ValueError(f"unit {unit} of {graph.key} has no place")
    role = _role(running, unit)
    template = running.prepared.templates[int(running.prepared.graph.unit_task[unit])]
    direct = policy.direct and not template.needs_scheduler
    where = Place(decision.node, decision.message, direct, policy.spec.node_loss_grace, decision.gpus)
    manifest = pod_manifest(graph.ref, template, role, where)
    key = (graph.ref.namespace, manifest["metadata"]["name"])
    writer.create(Creation(key, graph.ref.uid, unit, role.incarnation, manifest))
    ready_at = float(running.run.ready_at[unit])
    metrics.START_DELAY_SECONDS.observe(max(0.0, now - max(ready_at, float(running.run.not_before[unit]))))


def _request(graph: GraphRun, running: Running, unit: int) -> Request:
    task = int(running.prepared.graph.unit_task[unit])
    written = running.prepared.spec.tasks[task]
    return Request(
        id=(graph.ref.uid, unit),
        request_class=running.prepared.templates[task].request_class,
        priority=running.prepared.spec.priority,
        critical_path=float(running.critical_path[task]),
        arrival=(graph.accepted_at, graph.ref.namespace, graph.ref.name),
        task=TaskId.of(running.prepared.runs[task]).text,
        name=f"{graph.ref.name}/{written.name}",
        deadline=graph.deadline,
        duration=_duration(running, task),
    )


def _duration(running: Running, task: int) -> float:
    """What was learned, or what the author says; 0: not known."""
    learned = math.nan if running.expected is None else float(running.expected[task])
    return (running.prepared.spec.tasks[task].expected_duration or 0.0) if math.isnan(learned) else learned


def _policy(each: Wanted) -> Policy:
    policy = each.graph.policy
    if policy is None:
        raise ValueError(f"graph {each.graph.key} has no policy")
    return policy


def _decided_by(each: Wanted) -> tuple[str, str]:
    return _policy(each).name, each.graph.strategy


def _role(running: Running, unit: int) -> PodRole:
    graph = running.prepared.graph
    task = int(graph.unit_task[unit])
    return PodRole(
        task=graph.tasks[task].name,
        shard=unit - int(graph.unit_start[task]),
        shards=graph.tasks[task].shards,
        incarnation=int(running.run.incarnation[unit]) + 1,
    )


def _assume(each: Wanted, decision: Decision, node: str, pods: PodStore) -> None:
    role, ref = _role(each.running, each.unit), each.graph.ref
    name = names.pod_name(ref.name, ref.uid, role.task, role.shard, role.incarnation)
    identity = Identity(role.task, role.shard, role.incarnation)
    resources = dict(each.request.request_class.resources)
    pods.assume((ref.namespace, name), Pending(ref.uid, identity, node, resources, decision.gpus))
