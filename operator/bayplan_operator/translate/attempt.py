"""From a pod of ours to the attempt that the library's state machine looks at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bayplan.lifecycle import Attempt, Phase
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate import containers
from bayplan_operator.translate.disruption import disruption, turned_away
from bayplan_operator.translate.eviction import asked_to_end_at, eviction
from bayplan_operator.translate.flow.needed import Need
from bayplan_operator.translate.own_pod import OwnPod, Pending, PodKey, stuck_container
from bayplan_operator.translate.results import said

_PHASES = {
    "Pending": Phase.PENDING,
    "Running": Phase.RUNNING,
    "Succeeded": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Unknown": Phase.RUNNING,
}
_MESSAGE_LIMIT = 300
_LONGEST_ROUND = 6


LACKS = "ResultMissing"
"""Why a pod has failed that ended well, and did not say what the graph needs."""


def attempt(own: OwnPod, unit: int, needed: Mapping[str, Need] | None = None) -> Attempt:
    """What a pod says about an attempt of ``unit``. ``needed``: the results that the graph keeps of it."""
    seen = _attempt(own, unit)
    if not needed or seen.phase != Phase.SUCCEEDED:
        return seen
    found = said(own.pod, needed)
    if found.lacks:
        return replace(seen, phase=Phase.FAILED, cause=LACKS, message=found.lacks[:_MESSAGE_LIMIT])
    return replace(seen, results=found.results)


def _attempt(own: OwnPod, unit: int) -> Attempt:
    pod = own.pod
    phase = _PHASES.get(pod.status.phase, Phase.PENDING)
    node = pod.spec.node_name or pod.metadata.annotations.get(names.ANNOTATION_NODE, "")
    failure = containers.failure(pod) if phase == Phase.FAILED else None
    stuck = stuck_container(pod) if own.stuck_since is not None else None
    terminating = pod.metadata.deletion_timestamp is not None
    evicted = eviction(pod, node) if phase != Phase.SUCCEEDED else None
    disrupted = disruption(pod, node) if phase != Phase.SUCCEEDED and evicted is None else None
    cause, message = evicted or disrupted or (_why_failed(pod, failure) if phase == Phase.FAILED else ("", ""))
    if stuck is not None:
        cause, message = stuck.reason, stuck.message
    return Attempt(
        unit=unit,
        incarnation=own.identity.incarnation,
        key=own.key,
        phase=phase,
        node=node,
        bound=bool(pod.spec.node_name),
        started=_started(pod, phase),
        finished=_seconds(containers.finished(pod)) if phase >= Phase.SUCCEEDED else None,
        terminating=terminating,
        ended=terminating and (not pod.spec.node_name or pod.metadata.deletion_grace_period_seconds == 0),
        held=own.held,
        disrupted=disrupted is not None or (evicted is None and phase == Phase.FAILED and turned_away(pod)),
        preempted=evicted is not None,
        preempted_at=None if evicted is None else asked_to_end_at(pod),
        unschedulable=unschedulable(pod),
        gates=tuple(each.name for each in pod.spec.scheduling_gates),
        stuck=stuck.reason if stuck is not None else "",
        stuck_since=own.stuck_since or 0.0,
        exit_code=failure.end.exit_code if failure is not None else None,
        cause=cause,
        message=" ".join(message.split())[:_MESSAGE_LIMIT],
        round=round_of(pod),
    )


def round_of(pod: wire.Pod) -> int:
    """For which round it was made; 0: for none, or what it says was edited so that it cannot be read."""
    text = pod.metadata.annotations.get(names.ANNOTATION_ROUND, "")
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_ROUND else 0


def pending_attempt(key: PodKey, pending: Pending, unit: int) -> Attempt:
    """The attempt whose pod is being created."""
    return Attempt(unit=unit, incarnation=pending.identity.incarnation, key=key, node=pending.node, terminating=False)


def _why_failed(pod: wire.Pod, failure: containers.Failure | None) -> tuple[str, str]:
    if pod.status.reason:
        return pod.status.reason, pod.status.message
    if failure is None:
        return "Failed", pod.status.message
    return failure.end.reason or "Error", failure.message


def unschedulable(pod: wire.Pod) -> str:
    """What kube-scheduler says of a pod that it could bind nowhere; empty: it has not said so."""
    if pod.spec.node_name:
        return ""
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            return condition.message or condition.reason
    return ""


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _started(pod: wire.Pod, phase: Phase) -> float | None:
    # While it is pending, the pod's own start is that of pulling images and setting up: none of it is run time.
    return _seconds(containers.started(pod) or (pod.status.start_time if phase >= Phase.RUNNING else None))
