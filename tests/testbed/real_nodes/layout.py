"""Where everything of one real node is, so that any of it can be found and taken away again."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Names and places of one node.

    `data`: what would be on the node's disk, and its logs. `state`: sockets, network namespaces and the like; its path
    must be short, since containerd's shims put sockets with 64-character names below it.
    `cgroup`: the folder of all its pods in every cgroup hierarchy. `bridge`: the interface that its pods are on.
    `network`: a /24 in CIDR notation; the first address is the node's own.
    """

    name: str
    data: Path
    state: Path
    cgroup: str
    bridge: str
    network: str

    @property
    def address(self) -> str:
        """The node's IP: the kubelet listens there, and it is the pods' gateway."""
        return str(ipaddress.ip_network(self.network)[1])

    @property
    def socket(self) -> Path:
        """containerd's socket."""
        return self.state / "containerd.sock"

    @property
    def logs(self) -> Path:
        """Of the kubelet and containerd."""
        return self.data / "logs"
