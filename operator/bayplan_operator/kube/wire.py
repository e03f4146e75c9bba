"""The fields of pods and nodes that are decoded; everything else is skipped by the decoder."""

from datetime import datetime

import msgspec
from msgspec import field


class Wire(msgspec.Struct, rename="camel", gc=False, frozen=True):
    """Camel case on the wire. Without tracking by the garbage collector: the structs hold no cycles."""


class OwnerReference(Wire, frozen=True):
    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class Metadata(Wire, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = "0"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[OwnerReference] = []
    finalizers: list[str] = []
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None


Quantities = dict[str, str | int | float]
"""By resource, as it is written."""


class Requirements(Wire, frozen=True):
    requests: Quantities = {}
    limits: Quantities = {}


class ContainerPort(Wire, frozen=True):
    container_port: int = 0
    host_port: int = 0
    protocol: str = "TCP"
    host_ip: str = field(default="", name="hostIP")


class Container(Wire, frozen=True):
    name: str = ""
    resources: Requirements = Requirements()
    restart_policy: str = ""
    ports: tuple[ContainerPort, ...] = ()


class LabelRequirement(Wire, frozen=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Wire, frozen=True):
    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelRequirement, ...] = ()


class PodAffinityTerm(Wire, frozen=True):
    topology_key: str = ""
    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()


class WeightedPodAffinityTerm(Wire, frozen=True):
    weight: int = 1
    pod_affinity_term: PodAffinityTerm = PodAffinityTerm()


class PodAffinity(Wire, frozen=True):
    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] = ()
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodAffinityTerm, ...] = ()


class PodAffinities(Wire, frozen=True):
    pod_affinity: PodAffinity = PodAffinity()
    pod_anti_affinity: PodAffinity = PodAffinity()


class SchedulingGate(Wire, frozen=True):
    name: str = ""


class PodSpec(Wire, frozen=True):
    node_name: str = ""
    containers: list[Container] = []
    init_containers: list[Container] = []
    overhead: Quantities = {}
    resources: Requirements = Requirements()
    priority: int | None = None
    affinity: PodAffinities = PodAffinities()
    host_network: bool = False
    scheduling_gates: list[SchedulingGate] = []
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None


class WireCondition(Wire, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class ContainerStateTerminated(Wire, frozen=True):
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerStateWaiting(Wire, frozen=True):
    reason: str = ""
    message: str = ""


class ContainerStateRunning(Wire, frozen=True):
    started_at: datetime | None = None


class ContainerState(Wire, frozen=True):
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None
    waiting: ContainerStateWaiting | None = None


class Actuated(Wire, frozen=True):
    """What the kubelet has set, which differs from the spec while a pod is resized."""

    requests: Quantities = {}


class ContainerStatus(Wire, frozen=True):
    name: str = ""
    state: ContainerState = ContainerState()
    resources: Actuated | None = None
    allocated_resources: Quantities = {}


class PodStatus(Wire, frozen=True):
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    nominated_node_name: str = ""
    start_time: datetime | None = None
    conditions: list[WireCondition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []
    resources: Actuated | None = None
    """Of the pod as a whole, where its spec has such."""
    allocated_resources: Quantities = {}


class Pod(Wire, frozen=True):
    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Taint(Wire, frozen=True):
    key: str
    effect: str
    value: str = ""


class NodeSpec(Wire, frozen=True):
    unschedulable: bool = False
    taints: list[Taint] = []


class NodeAddress(Wire, frozen=True):
    type: str
    address: str


class NodeStatus(Wire, frozen=True):
    addresses: list[NodeAddress] = []
    allocatable: dict[str, str] = {}
    conditions: list[WireCondition] = []


class Node(Wire, frozen=True):
    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class NamespaceObject(Wire, frozen=True):
    metadata: Metadata


class ListMetadata(Wire, frozen=True):
    resource_version: str = "0"
    continue_: str = field(default="", name="continue")
