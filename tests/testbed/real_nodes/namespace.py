"""A mount namespace of the node's own: what its programs mount, the machine does not see, and it goes with them."""

from __future__ import annotations

from collections.abc import Sequence

from ..processes import Process
from .layout import Layout

# Programs write below these whatever they are told: kubelet's device-plugin socket and links to logs, CNI's notes. With
# folders of its own over them, a node neither leaves anything there nor is in the way of a kubelet that the machine has.
_OWN = ("/var/lib", "/var/log")
# Private cuts the tie to the machine's mounts; shared again, since containers may ask for propagation.
_SCRIPT = 'mount --make-rshared / && {binds} && exec "$@"'


def in_new(layout: Layout, command: Sequence[str]) -> list[str]:
    """The command that runs `command` in a new namespace of the node."""
    folders = {place: layout.data / place.strip("/").replace("/", "-") for place in _OWN}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    binds = " && ".join(f"mount --bind '{folder}' {place}" for place, folder in folders.items())
    return ["unshare", "--mount", "--propagation=private", "--", "sh", "-c", _SCRIPT.format(binds=binds), "sh", *command]


def in_that_of(process: Process, command: Sequence[str]) -> list[str]:
    """The command that runs `command` in the namespace of a running process."""
    return ["nsenter", f"--mount=/proc/{process.pid}/ns/mnt", "--", *command]
