"""The bridge that a node's pods are on, and the CNI configuration that puts them there."""

from __future__ import annotations

import ipaddress
import json
import os
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
    """Make the node's bridge with its address, and write its CNI configuration."""
    if not Path("/sys/class/net", layout.bridge).exists():
        _ip("link", "add", layout.bridge, "type", "bridge")
    _ip("address", "replace", f"{layout.address}/24", "dev", layout.bridge)
    _ip("link", "set", layout.bridge, "up")
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
    """Remove the bridge with what is on it."""
    for member in Path("/sys/class/net", layout.bridge, "brif").glob("*"):
        _ip("link", "delete", member.name, check=False)  # it goes by itself with its pod's network namespace
    if Path("/sys/class/net", layout.bridge).exists():
        _ip("link", "delete", layout.bridge)


def problem() -> str | None:
    """Why no bridge can be made here, in one sentence; None where it can."""
    probe = f"bayp{os.getpid()}"
    made = subprocess.run(["ip", "link", "add", probe, "type", "bridge"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"No network bridge can be made here (`ip link add type bridge`: {made.stderr.strip()})."
    _ip("link", "delete", probe)
    return None


def _ip(*args: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise TestbedError(f"`ip {' '.join(args)}` failed: {done.stderr.strip()}.")
    return done.stdout
