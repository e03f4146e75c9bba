"""The mark of a pod that is evicted, and what it means: it stands in the pod before the pod is deleted."""

from __future__ import annotations

from bayplan_operator import names
from bayplan_operator.kube import wire

PREEMPTED = "Preempted"
"""Why such a pod ends."""
PREEMPTION, DRAINED = "Preemption", "HoldAndDrain"
"""What had pods evicted, in metrics."""
_ELSEWHERE = "a graph of another namespace"
_QUEUE = "queue "
_LONGEST = 253 + 2 * 63 + 2


def mark_for(namespace: str, graph: str, task: str, victim_namespace: str) -> str:
    """Of a victim, for what it is evicted. What is of another namespace is not named."""
    return f"{namespace}/{graph}/{task}" if namespace == victim_namespace else _ELSEWHERE


def mark_of_drain(queue: str) -> str:
    """Of what runs in a queue that is drained, or below one."""
    return f"{_QUEUE}{queue}"


def marked(pod: wire.Pod) -> str:
    """The mark; empty: it has none."""
    return pod.metadata.annotations.get(names.ANNOTATION_PREEMPTED_BY, "")


def eviction(pod: wire.Pod, node: str) -> tuple[str, str] | None:
    """Why a pod ends that was marked and then deleted: the reason and plain words. `None`: it was not."""
    mark = marked(pod)
    if not mark or pod.metadata.deletion_timestamp is None:
        return None
    where = f"node {node}" if node else "its node"
    return PREEMPTED, f"evicted from {where} {_cause(mark[:_LONGEST])}"


def asked_to_end_at(pod: wire.Pod) -> float | None:
    """When a pod was deleted: what the API server writes is when its grace is over."""
    at = pod.metadata.deletion_timestamp
    return None if at is None else at.timestamp() - (pod.metadata.deletion_grace_period_seconds or 0)


def _cause(mark: str) -> str:
    if mark.startswith(_QUEUE):
        return f"since the stopPolicy of {mark} is HoldAndDrain"
    parts = mark.split("/")
    return f"so that task {parts[2]} of graph {parts[1]} can start" if len(parts) == 3 else f"so that {mark} can start"
