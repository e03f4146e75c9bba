"""Why the cluster, and not its own containers, ends a pod: in Kubernetes' word for it, and in plain words."""

from bayplan_operator.kube import wire

TARGET = "DisruptionTarget"
"""The condition that says so."""
_OUT_OF = "OutOf"  # a kubelet's own check: OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu, ...
_EVICTED = "Evicted"
_LOW = "The node was low on resource"
"""How the kubelet begins when the node ran short, and not the pod over a limit of its own."""
_TURNED_AWAY = frozenset(
    {"NodePorts", "Preempting", "NodeLost", "NodeShutdown", "Terminated", "Shutdown", "NodeAffinity",
     "UnexpectedAdmissionError", "TopologyAffinityError", "TaintManagerEviction"}
)  # fmt: skip
"""Pod reasons that say that the node or the cluster ended the pod, not its own containers."""
_WORDS = {
    "DeletionByTaintManager": "evicted from {node} by a NoExecute taint",
    "EvictionByEvictionAPI": "evicted from {node} by the Eviction API, as a drain does",
    "PreemptionByScheduler": "pre-empted by kube-scheduler for a pod of higher priority on {node}",
    "TerminationByKubelet": "evicted by the kubelet of {node}",
    "DeletionByPodGC": "deleted by the pod garbage collector: {node} is gone, or was out of service",
}
"""To the reasons of the condition that Kubernetes has."""


def disruption(pod: wire.Pod, node: str) -> tuple[str, str] | None:
    """The reason and plain words; ``None``: the condition is not there, which says nothing of old kubelets."""
    found = next((each for each in pod.status.conditions if each.type == TARGET and each.status == "True"), None)
    if found is None:
        return None
    where = f"node {node}" if node else "its node"
    said = pod.status.message or found.message
    if found.reason not in _WORDS:
        return found.reason or TARGET, said or f"evicted from {where}"
    words = _WORDS[found.reason].format(node=where)
    # The kubelet alone says more than its reason does: which resource ran short, or that the node shuts down.
    return found.reason, f"{words}: {said}" if found.reason == "TerminationByKubelet" and said else words


def turned_away(pod: wire.Pod) -> bool:
    """The node ended it, though no condition says so.

    An eviction without the condition is the pod's own failure: it used more than it may. Kubelets that know no such condition
    say in words when the node ran short.
    """
    if pod.status.reason == _EVICTED:
        return pod.status.message.startswith(_LOW)
    return pod.status.reason in _TURNED_AWAY or pod.status.reason.startswith(_OUT_OF)
