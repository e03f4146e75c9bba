"""The bridge that a node's pods are on, the CNI configuration that puts them there, and the ways between the bridges."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..errors import TestbedError
from .layout import Layout

# Reserved for benchmarks of network devices: nobody's home, office or cloud network is in it.
_POOL = ipaddress.ip_network("198.18.0.0/15")
_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_CNI_PLUGINS = ("bridge", "host-local")


def plugins() -> Path | None:
    """The folder of the CNI plugins; None where there is none."""
    return next((folder for folder in _CNI_FOLDERS if all((folder / name).exists() for name in _CNI_PLUGINS)), None)


def free_networks(count: int, taken: Iterable[str]) -> list[str]:
    """`count` networks that neither this machine's routes nor `taken` (CIDR) overlap."""
    routes = json.loads(_ip("-4", "-json", "route", "show", "table", "all"))
    used = [ipaddress.IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]
    used += [ipaddress.IPv4Network(network) for network in taken]
    free = [network for network in _POOL.subnets(new_prefix=24) if not any(network.overlaps(other) for other in used)]
    if len(free) < count:
        raise TestbedError(f"No {count} free networks are left in {_POOL}.")
    return [str(network) for network in free[:count]]


def connect(layout: Layout) -> None:
    """Make the node's bridge with its address, open the ways to other nodes' pods, and write its CNI configuration.

    All bridges are this machine's, which hands packets on from one to another: the CNI plugin turns that on.
    """
    make_bridge(layout.bridge, layout.address)
    if _is_filtered():
        _iptables("--insert", *_open(layout))
    folder = configuration(layout)
    folder.mkdir(parents=True, exist_ok=True)
    plugin = {
        "type": "bridge",
        "bridge": layout.bridge,
        "isGateway": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(layout.state / "addresses"),
            "ranges": [[{"subnet": layout.network}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    document = {"cniVersion": "1.0.0", "name": layout.bridge, "plugins": [plugin]}
    (folder / "10-bridge.conflist").write_text(json.dumps(document, indent=2))


def configuration(layout: Layout) -> Path:
    """The folder of the node's CNI configuration."""
    return layout.data / "cni"


def disconnect(layout: Layout) -> None:
    """Remove the bridge with what is on it, and the firewall's rule for it. May be called again."""
    while _is_filtered() and _iptables("--check", *_open(layout), check=False):
        _iptables("--delete", *_open(layout))
    remove_bridge(layout.bridge)


def make_bridge(name: str, address: str) -> None:
    """A bridge with this address of a /24; nothing changes where it is there already."""
    if not Path("/sys/class/net", name).exists():
        _ip("link", "add", name, "type", "bridge")
    _ip("address", "replace", f"{address}/24", "dev", name)
    _ip("link", "set", name, "up")


def remove_bridge(name: str) -> None:
    """Remove a bridge with all that is on it; nothing happens where it is gone."""
    for member in Path("/sys/class/net", name, "brif").glob("*"):
        _ip("link", "delete", member.name, check=False)  # it goes by itself with its pod's network namespace
    if Path("/sys/class/net", name).exists():
        _ip("link", "delete", name)


def problem() -> str | None:
    """Why no bridge can be made here, in one sentence; None where it can."""
    probe = f"bayp{os.getpid()}"
    made = subprocess.run(["ip", "link", "add", probe, "type", "bridge"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"No network bridge can be made here (`ip link add type bridge`: {made.stderr.strip()})."
    _ip("link", "delete", probe)
    return None


def _is_filtered() -> bool:
    """Whether this machine's firewall has anything to say about packets between the bridges, as where Docker is installed."""
    if shutil.which("iptables") is None:
        return False
    done = subprocess.run(["iptables", "--wait", "--list-rules", "FORWARD"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.split() != ["-P", "FORWARD", "ACCEPT"]


def _open(layout: Layout) -> tuple[str, ...]:
    """The rule that lets the node's pods speak to those of other nodes, which answer through a rule of theirs."""
    return ("FORWARD", "--in-interface", layout.bridge, "--destination", str(_POOL), "--jump", "ACCEPT")


def _iptables(*args: str, check: bool = True) -> bool:
    done = subprocess.run(["iptables", "--wait", *args], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise TestbedError(f"`iptables {' '.join(args)}` failed: {done.stderr.strip()}.")
    return done.returncode == 0


def _ip(*args: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise TestbedError(f"`ip {' '.join(args)}` failed: {done.stderr.strip()}.")
    return done.stdout
