"""Paths of the API server's resources."""

from bayplan_operator.names import API_VERSION

PODS = "/api/v1/pods"
NODES = "/api/v1/nodes"
NAMESPACES = "/api/v1/namespaces"
DEPLOYMENTS = "/apis/apps/v1/deployments"
VERSION = "/version"
TASK_GRAPHS = f"/apis/{API_VERSION}/taskgraphs"
PLACEMENT_POLICIES = f"/apis/{API_VERSION}/placementpolicies"
QUEUES = f"/apis/{API_VERSION}/queues"
TASK_PROFILES = f"/apis/{API_VERSION}/taskprofiles"


def pods(namespace: str) -> str:
    """The pods of a namespace."""
    return f"/api/v1/namespaces/{namespace}/pods"


def pod(namespace: str, name: str) -> str:
    """One pod."""
    return f"{pods(namespace)}/{name}"


def task_graph(namespace: str, name: str) -> str:
    """One task graph."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/taskgraphs/{name}"


def placement_policy(name: str) -> str:
    """One placement policy."""
    return f"{PLACEMENT_POLICIES}/{name}"


def queue(name: str) -> str:
    """One queue."""
    return f"{QUEUES}/{name}"


def task_profiles(namespace: str) -> str:
    """The task profiles of a namespace."""
    return f"/apis/{API_VERSION}/namespaces/{namespace}/taskprofiles"


def task_profile(namespace: str, name: str) -> str:
    """One task profile."""
    return f"{task_profiles(namespace)}/{name}"


def services(namespace: str) -> str:
    """The services of a namespace."""
    return f"/api/v1/namespaces/{namespace}/services"


def service(namespace: str, name: str) -> str:
    """One service."""
    return f"{services(namespace)}/{name}"


def events(namespace: str) -> str:
    """The events of a namespace."""
    return f"/api/v1/namespaces/{namespace}/events"


def config_maps(namespace: str) -> str:
    """The config maps of a namespace."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


def config_map(namespace: str, name: str) -> str:
    """One config map."""
    return f"{config_maps(namespace)}/{name}"


def leases(namespace: str) -> str:
    """The leases of a namespace."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
