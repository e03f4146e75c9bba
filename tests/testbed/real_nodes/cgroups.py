"""A folder in every cgroup hierarchy for the pods of one node. cgroup v1, v2 and both side by side."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ..errors import TestbedError

_UNIFIED = Path("/sys/fs/cgroup")
_NEEDED = ("cpu", "memory", "pids")
_WANTED = (*_NEEDED, "cpuset", "hugetlb", "io")  # what kubelet insists on where the kernel has it, and io
_REMOVE_SECONDS = 60.0


def prepare(name: str) -> None:
    """Make the folders of a node. Raises TestbedError where this process may not."""
    try:
        if _is_v2():
            _prepare_v2(_UNIFIED / name)
        else:
            for hierarchy in _hierarchies():
                _prepare_v1(hierarchy / name)
    except OSError as error:
        raise TestbedError(f"The cgroup {name} cannot be made: {error}.") from error


def processes(name: str) -> set[int]:
    """The pids of all processes in a node's folders."""
    found: set[int] = set()
    for hierarchy in _hierarchies():
        for folder in _tree(hierarchy / name):
            try:
                found.update(map(int, (folder / "cgroup.procs").read_text().split()))
            except OSError:
                continue  # the folder went meanwhile
    return found


def remove(name: str) -> None:
    """Remove a node's folders, once the kernel has let their killed processes go. Raises TestbedError when it does not."""
    end = time.monotonic() + _REMOVE_SECONDS
    while True:
        left = [folder for hierarchy in _hierarchies() for folder in _tree(hierarchy / name) if not _removed(folder)]
        if not left:
            return
        if time.monotonic() > end:
            raise TestbedError(f"The cgroup {left[-1]} is in use {_REMOVE_SECONDS:.0f} s after its processes were killed.")
        time.sleep(0.05)


def _is_v2() -> bool:
    return (_UNIFIED / "cgroup.controllers").exists()


def _hierarchies() -> list[Path]:
    """The mount points of all hierarchies."""
    if _is_v2():
        return [_UNIFIED]
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2"):
            found.append(Path(place))
    return found


def _tree(top: Path) -> list[Path]:
    """A folder and all below it, the deepest first."""
    return [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _prepare_v1(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for file in ("cpuset.cpus", "cpuset.mems"):  # empty in a new folder, and then no process may enter
        if (folder / file).exists():
            (folder / file).write_text((folder.parent / file).read_text())


def _prepare_v2(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for parent in (folder.parent, folder):
        offered = (parent / "cgroup.controllers").read_text().split()
        missing = [controller for controller in _NEEDED if controller not in offered]
        if missing:
            raise TestbedError(f"The cgroup {parent} lacks the controllers {', '.join(missing)}.")
        control = parent / "cgroup.subtree_control"
        for controller in (c for c in _WANTED if c in offered and c not in control.read_text().split()):
            control.write_text(f"+{controller}")
