"""Kinds of simulated nodes and their manifests."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .binaries import KUBERNETES_VERSION
from .kwok import KUBELET_LABEL, NODE_ANNOTATION, RUNNING

_EMPTY: Mapping[str, Any] = MappingProxyType({})
# Carrier-grade NAT addresses: not routed anywhere, so a simulated node never shares one with a real machine.
_ADDRESSES = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True)
class Taint:
    """A node's taint."""

    key: str
    value: str
    effect: str = "NoSchedule"


@dataclass(frozen=True)
class NodeKind:
    """A class of like nodes.

    `cpu` in cores, `memory` as a Kubernetes quantity, `gpus` as extended resource -> number of devices;
    `zones` are given out in turn.
    """

    prefix: str
    cpu: int
    memory: str
    gpus: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    labels: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    taints: tuple[Taint, ...] = ()
    zones: tuple[str, ...] = ("zone-a", "zone-b", "zone-c")
    pods: int = 110


_GPU = "nvidia.com/gpu"
_GPU_TAINT = Taint(_GPU, "present")

CPU_LARGE = NodeKind("cpu-large", 64, "256Gi", labels={"node.kubernetes.io/instance-type": "cpu-large"})
CPU_SMALL = NodeKind("cpu-small", 8, "32Gi", labels={"node.kubernetes.io/instance-type": "cpu-small"})
A100 = NodeKind(
    "a100",
    96,
    "1Ti",
    gpus={_GPU: 8},
    labels={
        "node.kubernetes.io/instance-type": "a100",
        "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB",
        "nvidia.com/gpu.memory": "81920",
        "nvidia.com/gpu.count": "8",
    },
    taints=(_GPU_TAINT,),
)
T4 = NodeKind(
    "t4",
    32,
    "128Gi",
    gpus={_GPU: 4},
    labels={
        "node.kubernetes.io/instance-type": "t4",
        "nvidia.com/gpu.product": "Tesla-T4",
        "nvidia.com/gpu.memory": "15360",
        "nvidia.com/gpu.count": "4",
    },
    taints=(_GPU_TAINT,),
)
_SHARES = "bayplan.dev/gpu-milli"
# Nodes whose GPUs are shared out in thousandths, as their owner would label them.
A100_SHARED = NodeKind("a100-shared", 96, "1Ti", gpus={_SHARES: 8000}, labels={"bayplan.dev/gpu-model": "A100"})
T4_SHARED = NodeKind("t4-shared", 32, "128Gi", gpus={_SHARES: 4000}, labels={"bayplan.dev/gpu-model": "Tesla-T4"})
KINDS = {kind.prefix: kind for kind in (CPU_LARGE, CPU_SMALL, A100, T4, A100_SHARED, T4_SHARED)}


def manifest(kind: NodeKind, index: int) -> dict[str, Any]:
    """The Node object of the `index`th node of `kind`."""
    name = f"{kind.prefix}-{index}"
    capacity = {
        "cpu": str(kind.cpu),
        "memory": kind.memory,
        "ephemeral-storage": "1Ti",
        "pods": str(kind.pods),
        **{resource: str(count) for resource, count in kind.gpus.items()},
    }
    labels = {
        # The controller manager would add these two, at its slow pace.
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": kind.zones[index % len(kind.zones)],
        KUBELET_LABEL: RUNNING,
        **kind.labels,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {NODE_ANNOTATION: "fake"}},
        "spec": {"taints": taints(kind)},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": _address(name)},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "simulated",
                "kernelVersion": "simulated",
                "containerRuntimeVersion": "kwok://simulated",
                "kubeletVersion": KUBERNETES_VERSION,
                "kubeProxyVersion": "",
                "bootID": "",
                "machineID": name,
                "systemUUID": name,
            },
        },
    }


def taints(kind: NodeKind) -> list[dict[str, str]]:
    """The taints of `kind` as in a Node's spec."""
    return [{"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in kind.taints]


def next_index(kind: NodeKind, names: Iterable[str]) -> int:
    """The first index above all that nodes of `kind` among `names` have."""
    start = f"{kind.prefix}-"
    used = [name.removeprefix(start) for name in names if name.startswith(start)]
    return max((int(text) + 1 for text in used if text.isdecimal()), default=0)


def _address(name: str) -> str:
    return str(_ADDRESSES[zlib.crc32(name.encode()) % _ADDRESSES.num_addresses])
