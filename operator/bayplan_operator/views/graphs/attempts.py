"""The attempts of a graph: its pods, and what the record still knows of pods that are gone."""

import math
from collections.abc import Iterable

import msgspec

from bayplan.lifecycle import Attempt, Phase, Run, UnitState
from bayplan.model.graph import Graph
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.attempt import attempt
from bayplan_operator.translate.own_pod import OwnPod, graph_uid_of, identity_of
from bayplan_operator.translate.self_report import self_report
from bayplan_operator.views.model import attempt as model
from bayplan_operator.views.model.attempt import PodAttempt

_OUTCOMES = {
    UnitState.RUNNING: model.RUNNING,
    UnitState.SUCCEEDED: model.SUCCEEDED,
    UnitState.FAILED: model.FAILED,
}


def attempts(graph: Graph, run: Run, uid: str, pods: Iterable[wire.Pod], epoch: float) -> tuple[PodAttempt, ...]:
    """All attempts that are known, by task, shard and number. Pods that another graph controls, or none, are left out."""
    found: dict[tuple[int, int], PodAttempt] = {}
    for pod in pods:
        identity = identity_of(pod) if graph_uid_of(pod) == uid else None
        task = graph.index.get(identity.task) if identity is not None else None
        if identity is None or task is None or not 0 <= identity.shard < graph.tasks[task].shards:
            continue
        unit = int(graph.unit_start[task]) + identity.shard
        seen = attempt(OwnPod(pod, uid, identity, 0, None), unit)
        why = pod.metadata.annotations.get(names.ANNOTATION_WHY, "")
        found[unit, identity.incarnation] = _with_report(_from_pod(graph, run, seen, why, epoch), pod)
    for unit in range(graph.units):
        state = UnitState(run.state[unit])
        if state in _OUTCOMES and not math.isnan(run.started[unit]):
            key = (unit, int(run.incarnation[unit]))
            found[key] = _recorded(graph, run, unit, epoch, found.get(key))
    return tuple(found[key] for key in sorted(found))


def _from_pod(graph: Graph, run: Run, seen: Attempt, why: str, epoch: float) -> PodAttempt:
    given_up = seen.incarnation <= run.settled[seen.unit]
    if seen.phase == Phase.SUCCEEDED:
        outcome = model.SUCCEEDED
    elif seen.preempted and (seen.phase == Phase.FAILED or given_up):
        outcome = model.PREEMPTED
    elif seen.phase == Phase.FAILED:
        outcome = model.LOST if seen.disrupted or seen.terminating else model.FAILED
    elif given_up:
        outcome = model.LOST
    else:
        outcome = model.RUNNING if seen.phase == Phase.RUNNING else model.STARTING
    failed = outcome in model.ENDED_EARLY
    task, shard = _place(graph, seen.unit)
    return PodAttempt(
        task=task,
        shard=shard,
        number=seen.incarnation,
        node=seen.node or None,
        outcome=outcome,
        start=_since(epoch, seen.started) if seen.phase >= Phase.RUNNING else None,
        end=_since(epoch, seen.finished),
        why=why,
        message=seen.words if failed else seen.unschedulable,
        round=seen.round,
    )


def _with_report(made: PodAttempt, pod: wire.Pod) -> PodAttempt:
    if made.outcome != model.SUCCEEDED:
        return made
    report = self_report(pod)
    return msgspec.structs.replace(made, reported=dict(report.numbers), ignored=report.ignored)


def _recorded(graph: Graph, run: Run, unit: int, epoch: float, pod: PodAttempt | None) -> PodAttempt:
    """A shard's last attempt: the record's times are finer than the pod's, and it may know that the pod is over."""
    task, shard = _place(graph, unit)
    ended = pod is not None and pod.end is not None and math.isnan(run.finished[unit])
    return PodAttempt(
        task=task,
        shard=shard,
        number=int(run.incarnation[unit]),
        node=run.node[unit] or None,
        outcome=pod.outcome if pod is not None else _OUTCOMES[UnitState(run.state[unit])],
        start=_since(epoch, float(run.started[unit])),
        end=pod.end if pod is not None and ended else _since(epoch, float(run.finished[unit])),
        why=pod.why if pod is not None else "",
        message=pod.message if pod is not None else "",
        reported=pod.reported if pod is not None else {},
        ignored=pod.ignored if pod is not None else "",
        round=pod.round if pod is not None else 0,
    )


def _place(graph: Graph, unit: int) -> tuple[str, int]:
    task = int(graph.unit_task[unit])
    return graph.tasks[task].name, unit - int(graph.unit_start[task])


def _since(epoch: float, at: float | None) -> float | None:
    return None if at is None or math.isnan(at) else max(0.0, round(at - epoch, 3))
