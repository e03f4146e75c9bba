"""A real Kubernetes control plane with simulated nodes on this machine, without Docker. See README.md."""

from .cluster import Cluster, ExternalCluster
from .control_plane import ControlPlaneOptions
from .errors import TestbedError
from .nodes import A100, CPU_LARGE, CPU_SMALL, T4, NodeKind, Taint
from .testbed import Options, Testbed, cluster_from_environment

__all__ = [
    "A100",
    "CPU_LARGE",
    "CPU_SMALL",
    "T4",
    "Cluster",
    "ControlPlaneOptions",
    "ExternalCluster",
    "NodeKind",
    "Options",
    "Taint",
    "Testbed",
    "TestbedError",
    "cluster_from_environment",
]
