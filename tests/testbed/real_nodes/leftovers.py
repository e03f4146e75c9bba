"""Ending a node at once, as if its power was cut, and finding all that it has on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import TestbedError
from . import cgroups, network
from .layout import Layout

_PROGRAMS = frozenset({"kubelet", "containerd", "containerd-shim-runc-v2", "runc", "ctr"})
_KILL_SECONDS = 60.0
_REMOVERS = 16


def power_off(layout: Layout) -> None:
    """Kill all of the node's processes and take away all that a reboot would: network, cgroups, sockets.

    Its mounts go with its processes, see `namespace`. What is on its disk (`layout.data`) stays. May be called in any
    state of the node. Raises TestbedError when something cannot be taken away.
    """
    _kill(layout)
    network.disconnect(layout)
    cgroups.remove(layout.cgroup)
    shutil.rmtree(layout.state, ignore_errors=True)


def erase(layout: Layout) -> None:
    """Remove what is on the disk of a node that is off; its logs stay."""
    if left := mounts(layout):
        raise TestbedError(f"Files of node {layout.name} are not removed, since something is mounted there: {', '.join(left)}.")
    for entry in layout.data.glob("*"):
        if entry == layout.logs:
            continue
        if entry.is_dir():
            _remove(entry)
        else:
            entry.unlink()


def processes(layout: Layout) -> set[int]:
    """The pids of the kubelet, containerd, its shims, and all containers."""
    return cgroups.processes(layout.cgroup) | _programs(layout)


def commands(layout: Layout) -> list[str]:
    """The command lines of `processes`, their words separated by spaces."""
    found = [_command(pid) for pid in sorted(processes(layout))]
    return [command.replace(b"\0", b" ").decode(errors="replace").strip() for command in found if command]


def mounts(layout: Layout) -> list[str]:
    """What this machine sees mounted below the node's folders; nothing, unless someone else did it."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4].encode().decode("unicode_escape")
        if any(place.startswith(f"{top}/") for top in (layout.data, layout.state)):
            found.append(place)
    return found


def _remove(folder: Path) -> None:
    """Remove a folder with thousands of files, whose disk may take milliseconds for each: so many at a time."""
    files = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]
    with ThreadPoolExecutor(_REMOVERS) as pool:
        list(pool.map(os.unlink, files))
    shutil.rmtree(folder)


def _programs(layout: Layout) -> set[int]:
    """Those that have one of the node's folders in their arguments: a shim is in no cgroup of the node."""
    marks = (f"{layout.data}/".encode(), f"{layout.state}/".encode())
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        command = _command(int(folder.name))
        name = os.path.basename(command.partition(b"\0")[0]).decode(errors="replace")
        if name in _PROGRAMS and any(mark in command for mark in marks):
            found.add(int(folder.name))
    return found


def _command(pid: int) -> bytes:
    """The words of its command line, each with a zero byte behind; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _kill(layout: Layout) -> None:
    end = time.monotonic() + _KILL_SECONDS
    while left := processes(layout):
        if time.monotonic() > end:
            raise TestbedError(f"Processes of node {layout.name} still run after SIGKILL: {sorted(left)}.")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended between the two calls
        time.sleep(0.05)
