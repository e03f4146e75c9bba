"""Where everything of real nodes is, so that any of it can be found and taken away again."""

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
    `network`: a /24 in CIDR notation; the first address is the node's own. `dns`: the IP that its pods ask for names.
    """

    name: str
    data: Path
    state: Path
    cgroup: str
    bridge: str
    network: str
    dns: str

    @property
    def address(self) -> str:
        """The node's IP: the kubelet listens there, and it is the pods' gateway."""
        return first_address(self.network)

    @property
    def socket(self) -> Path:
        """containerd's socket."""
        return self.state / "containerd.sock"

    @property
    def logs(self) -> Path:
        """Of the kubelet and containerd."""
        return self.data / "logs"


@dataclass(frozen=True)
class Shared:
    """What all nodes of one run have in common.

    `workspace`: a folder of this machine that every node has under the same path, as a shared file system would be.
    `bridge`: the interface with the address of the name server, and nothing else on it. `network`: its /24, as a node's.
    """

    workspace: Path
    bridge: str
    network: str

    @property
    def dns(self) -> str:
        """The IP of the name server."""
        return first_address(self.network)


def first_address(network: str) -> str:
    """The first address in a network in CIDR notation."""
    return str(ipaddress.ip_network(network)[1])
