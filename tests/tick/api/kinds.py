"""The kinds that the API server in memory knows."""

from __future__ import annotations

from dataclasses import dataclass

from bayplan_operator import names


@dataclass(frozen=True, slots=True)
class Kind:
    """One of them, as it appears in paths and objects."""

    plural: str
    name: str
    group: str
    namespaced: bool = True
    status: bool = False
    """Its status is a subresource: a write of the one leaves the other alone."""
    ours: bool = False
    """It has a schema, in `crds/`."""

    @property
    def prefix(self) -> str:
        """What its paths begin with."""
        return f"/api/{self.group}" if self.group == "v1" else f"/apis/{self.group}"


POD = Kind("pods", "Pod", "v1", status=True)
NODE = Kind("nodes", "Node", "v1", namespaced=False, status=True)
NAMESPACE = Kind("namespaces", "Namespace", "v1", namespaced=False)
CONFIG_MAP = Kind("configmaps", "ConfigMap", "v1")
EVENT = Kind("events", "Event", "v1")
SERVICE = Kind("services", "Service", "v1")
LEASE = Kind("leases", "Lease", "coordination.k8s.io/v1")
TASK_GRAPH = Kind("taskgraphs", names.TASK_GRAPH, names.API_VERSION, status=True, ours=True)
PLACEMENT_POLICY = Kind("placementpolicies", names.PLACEMENT_POLICY, names.API_VERSION, False, status=True, ours=True)
QUEUE = Kind("queues", names.QUEUE, names.API_VERSION, False, status=True, ours=True)
TASK_PROFILE = Kind("taskprofiles", names.TASK_PROFILE, names.API_VERSION, status=True, ours=True)

KINDS = (POD, NODE, NAMESPACE, CONFIG_MAP, EVENT, SERVICE, LEASE, TASK_GRAPH, PLACEMENT_POLICY, QUEUE, TASK_PROFILE)


@dataclass(frozen=True, slots=True)
class Where:
    """What a path leads to; no name: the objects of a namespace, or of all of them."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def where(path: str) -> Where | None:
    """What it leads to; `None`: nowhere."""
    for kind in KINDS:
        if path.startswith(kind.prefix + "/"):
            parts = path[len(kind.prefix) + 1 :].split("/")
            namespace = ""
            if parts[0] == "namespaces" and len(parts) > 2:
                namespace, parts = parts[1], parts[2:]
            if parts[0] == kind.plural:
                return Where(kind, namespace, *parts[1:3])
    return None
