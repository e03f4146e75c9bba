"""The kubelet of one node."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

from ..processes import Process, free_ports, spawn
from . import namespace
from .layout import Layout

CLUSTER_DOMAIN = "cluster.local"
_RENEWALS_PER_GRACE = 5
_RENEWALS_PER_LEASE = 4  # by kubelet's own rule


@dataclass(frozen=True)
class Peers:
    """Whom the kubelet speaks to.

    `client_ca` vouches for the API server when it calls, e.g. for logs. `grace_period`: the controller manager's, in
    seconds; the node's Lease is renewed five times within it.
    """

    kubeconfig: Path
    client_ca: Path
    grace_period: float


def start(binaries: Path, layout: Layout, peers: Peers, containerd: Process) -> Process:
    """Start the kubelet in the mount namespace of its containerd, where the containers' volumes must be."""
    folder = layout.data / "kubelet"
    folder.mkdir(exist_ok=True)
    config = layout.data / "kubelet.json"
    config.write_text(json.dumps(_configuration(layout, peers), indent=2))
    command = [
        str(binaries / "kubelet"),
        f"--config={config}",
        f"--kubeconfig={peers.kubeconfig}",
        f"--hostname-override={layout.name}",
        f"--node-ip={layout.address}",
        f"--root-dir={folder}",
        f"--cert-dir={layout.data / 'pki'}",
    ]
    spawned = spawn(namespace.in_that_of(containerd, command), layout.logs / "kubelet.log", keep=False)
    return replace(spawned, name="kubelet")


def _configuration(layout: Layout, peers: Peers) -> dict[str, object]:
    lease = max(1, math.floor(peers.grace_period * _RENEWALS_PER_LEASE / _RENEWALS_PER_GRACE))
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": layout.address,
        "port": free_ports(1)[0],
        "healthzPort": 0,
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(peers.client_ca)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDNS": [layout.dns],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": "",  # pods look for names in the cluster's domain alone, whatever this machine's network is called
        "containerRuntimeEndpoint": f"unix://{layout.socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "nodeLeaseDurationSeconds": lease,
        # A machine that is rather full is not these pods' business, and images could not be pulled again.
        "evictionHard": dict.fromkeys(("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"),
        "imageGCHighThresholdPercent": 100,
        # What would be left behind on the machine.
        "makeIPTablesUtilChains": False,
        "podLogsDir": str(layout.data / "pod-logs"),
        "volumePluginDir": str(layout.data / "volume-plugins"),
        "oomScoreAdj": 0,
    }
