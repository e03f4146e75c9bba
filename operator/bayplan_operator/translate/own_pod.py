"""Which pods are ours, and which attempt of which shard each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayplan.model.graph import Graph
from bayplan.model.neighbour import Neighbour
from bayplan.model.run_law import RunLaw
from bayplan_operator import names
from bayplan_operator.kube import wire
from bayplan_operator.translate.containers import finished, sidecars

PodKey = tuple[str, str]
"""Namespace and name."""

TERMINAL_PHASES = ("Succeeded", "Failed")
_PLACED = 600.0
"""Seconds that a creation may be away from the decision about its place."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which attempt a pod is, as its labels say."""

    task: str
    shard: int
    incarnation: int


@dataclass(frozen=True, slots=True)
class OwnPod:
    """A pod that one of our graphs controls, or one that carries our finalizer without an owner."""

    pod: wire.Pod
    graph_uid: str
    identity: Identity
    version: int
    stuck_since: float | None
    """When its containers were first seen unable to start, in seconds since the epoch."""

    @property
    def key(self) -> PodKey:
        """Namespace and name."""
        return self.pod.metadata.namespace, self.pod.metadata.name

    @property
    def held(self) -> bool:
        """It carries our finalizer."""
        return names.FINALIZER in self.pod.metadata.finalizers

    @property
    def terminal(self) -> bool:
        """Its phase will not change any more."""
        return self.pod.status.phase in TERMINAL_PHASES

    @property
    def may_be_evicted(self) -> bool:
        """It has not ended, and is not about to."""
        return not self.terminal and self.pod.metadata.deletion_timestamp is None


@dataclass(frozen=True, slots=True)
class Pending:
    """A pod that is being created. It counts although no watch has shown it yet."""

    graph_uid: str
    identity: Identity
    node: str
    resources: Mapping[str, int]
    gpus: tuple[int, ...] = ()
    """Which GPUs of the node."""
    neighbour: Neighbour | None = None
    """What other pods see of it."""
    queue: str = ""
    """The queue that it holds."""
    run: RunLaw | None = None
    """How long it will run."""
    since: float | None = None
    """When its place was decided, in seconds since the epoch."""


def graph_uid_of(pod: wire.Pod) -> str:
    """The UID of the graph that controls the pod. Without such an owner, the label counts if the pod has our finalizer.
    Empty: the pod is not ours."""
    for owner in pod.metadata.owner_references:
        if owner.controller and owner.kind == names.TASK_GRAPH and owner.api_version.startswith(names.GROUP + "/"):
            return owner.uid
    if names.FINALIZER in pod.metadata.finalizers:
        return pod.metadata.labels.get(names.LABEL_GRAPH_UID, "unknown")
    return ""


NOBODY = Identity("", 0, 0)
"""No attempt of any task; but the pod carries our finalizer, which is ours to remove."""


def identity_of(pod: wire.Pod) -> Identity | None:
    """Which attempt the pod is, as its labels say; ``None`` if it is none of ours."""
    labels = pod.metadata.labels
    try:
        return Identity(labels[names.LABEL_TASK], int(labels.get(names.LABEL_SHARD, "0")), int(labels[names.LABEL_INCARNATION]))
    except (KeyError, ValueError):
        return NOBODY if names.FINALIZER in pod.metadata.finalizers else None


def unit_of(graph: Graph, said: Identity) -> int | None:
    """The unit that a pod says it is; ``None`` if there is no such one."""
    task = graph.index.get(said.task)
    if task is None or not 0 <= said.shard < graph.tasks[task].shards or said.incarnation < 1:
        return None
    return int(graph.unit_start[task]) + said.shard


def borne_out(pod: wire.Pod, graph_uid: str, said: Identity) -> bool:
    """Whether the pod's name is that of the attempt in its labels. A pod's name cannot be edited; its labels can."""
    return pod.metadata.name.endswith("-" + names.short_hash(graph_uid, said.task, said.shard, said.incarnation))


# What a kubelet says while it cannot start a container and does not expect that to pass by itself.
_STUCK = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable",
        "ImageInspectError", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
    }
)  # fmt: skip
_CRASHES = "CrashLoopBackOff"
"""The reason of a sidecar that keeps failing. It is restarted for ever, and main containers that have not started wait for
it."""


def stuck_container(pod: wire.Pod) -> wire.ContainerStateWaiting | None:
    """What the first container that cannot start waits for."""
    for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        waiting = status.state.waiting
        if waiting is None:
            continue
        if waiting.reason in _STUCK or (waiting.reason == _CRASHES and status.name in sidecars(pod)):
            return waiting
    return None


def is_stuck(pod: wire.Pod) -> bool:
    """One of its containers cannot start."""
    return pod.status.phase == "Pending" and stuck_container(pod) is not None


def asked_about(own: OwnPod) -> tuple[str, ...]:
    """The nodes that kube-scheduler could have given a pod of ours."""
    said = own.pod.metadata.annotations
    found = (said.get(names.ANNOTATION_NODE, ""), *said.get(names.ANNOTATION_OTHER_NODES, "").split(","))
    return tuple(node for node in found if node)


def placed_at(pod: wire.Pod) -> float | None:
    """When it took its place, in seconds since the epoch: as we wrote it, else when it began, or was created."""
    begins = pod.status.start_time or pod.metadata.creation_timestamp
    known = None if begins is None else begins.timestamp()
    try:
        written = float(pod.metadata.annotations.get(names.ANNOTATION_PLACED_AT, ""))
    except ValueError:
        return known
    # Another instant than about that of its creation was edited.
    created = pod.metadata.creation_timestamp
    if not graph_uid_of(pod) or created is None or not abs(created.timestamp() - written) <= _PLACED:
        return known
    return written


def ended_at(pod: wire.Pod) -> float | None:
    """When its last container ended, in seconds since the epoch; ``None``: not known."""
    ended = finished(pod)
    return None if ended is None else ended.timestamp()
