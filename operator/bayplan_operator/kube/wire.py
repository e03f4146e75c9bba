"""The fields of pods and nodes that are decoded; everything else is skipped by the decoder."""

from datetime import datetime

import msgspec
from msgspec import field


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Camel case on the wire. Without tracking by the garbage collector: the structs hold no cycles."""


class OwnerReference(Wire):
    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class Metadata(Wire):
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


class Requirements(Wire):
    requests: dict[str, str | int | float] = {}
    limits: dict[str, str | int | float] = {}


class Container(Wire):
    name: str = ""
    resources: Requirements = Requirements()
    restart_policy: str = ""


class PodSpec(Wire):
    node_name: str = ""
    containers: list[Container] = []
    init_containers: list[Container] = []
    overhead: dict[str, str | int | float] = {}
    resources: Requirements = Requirements()


class Condition(Wire):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class Terminated(Wire):
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Waiting(Wire):
    reason: str = ""
    message: str = ""


class Running(Wire):
    started_at: datetime | None = None


class ContainerState(Wire):
    running: Running | None = None
    terminated: Terminated | None = None
    waiting: Waiting | None = None


class ContainerStatus(Wire):
    name: str = ""
    state: ContainerState = ContainerState()


class PodStatus(Wire):
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    nominated_node_name: str = ""
    start_time: datetime | None = None
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class Pod(Wire):
    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Taint(Wire):
    key: str
    effect: str
    value: str = ""


class NodeSpec(Wire):
    unschedulable: bool = False
    taints: list[Taint] = []


class NodeStatus(Wire):
    allocatable: dict[str, str] = {}
    conditions: list[Condition] = []


class Node(Wire):
    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ListMetadata(Wire):
    resource_version: str = "0"
    continue_: str = field(default="", name="continue")
