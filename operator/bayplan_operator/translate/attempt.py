"""From a pod of ours to the attempt that the library's state machine looks at."""

from datetime import datetime

from bayplan.lifecycle import Attempt, Phase
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.own_pod import OwnPod, Pending, PodKey, stuck_container

_PHASES = {
    "Pending": Phase.PENDING,
    "Running": Phase.RUNNING,
    "Succeeded": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Unknown": Phase.RUNNING,
}
# Pod reasons that say that the node or the cluster ended the pod, not its own containers.
_DISRUPTIONS = frozenset(
    {"NodePorts", "Preempting", "NodeLost", "NodeShutdown", "Terminated", "Shutdown", "NodeAffinity",
     "UnexpectedAdmissionError", "TopologyAffinityError", "TaintManagerEviction"}
)  # fmt: skip
_OUT_OF = "OutOf"  # a kubelet's own check: OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu, ...
_EVICTED = "Evicted"
_LOW = "The node was low on resource"
"""How the kubelet begins when the node ran short, and not the pod over a limit of its own."""
_MESSAGE_LIMIT = 300


def attempt(own: OwnPod, unit: int) -> Attempt:
    """What a pod says about an attempt of ``unit``."""
    pod = own.pod
    phase = _PHASES.get(pod.status.phase, Phase.PENDING)
    terminated = _telling(pod) if phase >= Phase.SUCCEEDED else None
    stuck = stuck_container(pod) if own.stuck_since is not None else None
    terminating = pod.metadata.deletion_timestamp is not None
    disruption = _disruption(pod) if phase != Phase.SUCCEEDED else None
    cause, message = _why_failed(pod, terminated, disruption) if phase == Phase.FAILED else disruption or ("", "")
    if stuck is not None:
        cause, message = stuck.reason, stuck.message
    return Attempt(
        unit=unit,
        incarnation=own.identity.incarnation,
        key=own.key,
        phase=phase,
        node=pod.spec.node_name or pod.metadata.annotations.get(names.ANNOTATION_NODE, ""),
        bound=bool(pod.spec.node_name),
        started=_started(pod, phase),
        finished=_finished(pod) if phase >= Phase.SUCCEEDED else None,
        terminating=terminating,
        ended=terminating and (not pod.spec.node_name or pod.metadata.deletion_grace_period_seconds == 0),
        held=own.held,
        disrupted=disruption is not None or (phase == Phase.FAILED and _turned_away(pod)),
        unschedulable=_unschedulable(pod),
        stuck=stuck.reason if stuck is not None else "",
        stuck_since=own.stuck_since or 0.0,
        exit_code=terminated.exit_code if terminated is not None and phase == Phase.FAILED else None,
        cause=cause,
        message=" ".join(message.split())[:_MESSAGE_LIMIT],
    )


def pending_attempt(key: PodKey, pending: Pending, unit: int) -> Attempt:
    """The attempt whose pod is being created."""
    return Attempt(unit=unit, incarnation=pending.identity.incarnation, key=key, node=pending.node, terminating=False)


def _statuses(pod: wire.Pod) -> tuple[wire.ContainerStatus, ...]:
    return (*pod.status.init_container_statuses, *pod.status.container_statuses)


def _telling(pod: wire.Pod) -> wire.ContainerStateTerminated | None:
    """The terminated container that says most: the first that failed, otherwise the first."""
    ends = [status.state.terminated for status in _statuses(pod) if status.state.terminated is not None]
    return next((end for end in ends if end.exit_code != 0), ends[0] if ends else None)


def _why_failed(
    pod: wire.Pod, terminated: wire.ContainerStateTerminated | None, disruption: tuple[str, str] | None
) -> tuple[str, str]:
    if pod.status.reason:
        return pod.status.reason, pod.status.message
    if disruption is not None:  # the containers only say that they were ended: exit code 143
        return disruption
    if terminated is None:
        return "Failed", pod.status.message
    return terminated.reason or "Error", terminated.message


def _disruption(pod: wire.Pod) -> tuple[str, str] | None:
    """Why the cluster ends the pod: by a taint, a drain, a pre-emption, or since the node runs short."""
    found = [each for each in pod.status.conditions if each.type == "DisruptionTarget" and each.status == "True"]
    return (found[0].reason or "DisruptionTarget", found[0].message) if found else None


def _turned_away(pod: wire.Pod) -> bool:
    """The node ended it, though no condition says so.

    An eviction without the condition is the pod's own failure: it used more than it may. Kubelets that know no such condition
    say in words when the node ran short.
    """
    if pod.status.reason == _EVICTED:
        return pod.status.message.startswith(_LOW)
    return pod.status.reason in _DISRUPTIONS or pod.status.reason.startswith(_OUT_OF)


def _unschedulable(pod: wire.Pod) -> str:
    if pod.spec.node_name:
        return ""
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            return condition.message or condition.reason
    return ""


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _started(pod: wire.Pod, phase: Phase) -> float | None:
    states = [status.state for status in pod.status.container_statuses]
    starts = [(state.running or state.terminated or wire.ContainerStateRunning()).started_at for state in states]
    # While it is pending, the pod's own start is that of pulling images and setting up: none of it is run time.
    otherwise = pod.status.start_time if phase >= Phase.RUNNING else None
    return _seconds(min((at for at in starts if at is not None), default=otherwise))


def _finished(pod: wire.Pod) -> float | None:
    ends = [s.state.terminated.finished_at for s in _statuses(pod) if s.state.terminated is not None]
    return _seconds(max((at for at in ends if at is not None), default=None))
