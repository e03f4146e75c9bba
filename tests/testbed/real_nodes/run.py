"""What each process made on this machine for its nodes, written down so that a later one can take it away.

A Python process that is killed leaves shims, containers, mounts, bridges and cgroups behind: only what it started itself dies
with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

from ..errors import TestbedError
from ..processes import Process
from . import leftovers, network, sysctls
from .layout import Layout, Shared

_TOP = Path("/run")  # empty after a reboot, as is all that is recorded there
_PREFIX = "bayplan-"
_RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """The nodes of one Python process. `base` holds the record and the nodes' state; `owner` is that process."""

    base: Path
    owner: Process
    layouts: tuple[Layout, ...]
    shared: Shared
    sysctls: dict[str, str]

    @classmethod
    def begin(cls, names: Sequence[str], data: Path) -> Run:
        """Choose names, places and networks that nobody uses; take away first what dead processes have left."""
        with _lock():
            others = _recorded()
            for run in [run for run in others if not run.owner.alive()]:
                run.end()
                others.remove(run)
            first, *networks = network.free_networks(1 + len(names), (taken for run in others for taken in run.networks()))
            base = Path(mkdtemp(prefix=_PREFIX, dir=_TOP))
            mark = base.name.removeprefix(_PREFIX)
            shared = Shared(data / "workspace", f"bay{mark}-d", first)
            places = ((data / name, base / str(index), f"bayplan-{mark}-{index}") for index, name in enumerate(names))
            layouts = tuple(
                Layout(name, *place, f"bay{mark}-{index}", networks[index], shared.dns)
                for index, (name, place) in enumerate(zip(names, places, strict=True))
            )
            # Another run that is under way has changed the settings already; what it found is what counts.
            before = others[0].sysctls if others else sysctls.read()
            run = cls(base, _this_process(), layouts, shared, before)
            (base / _RECORD).write_text(json.dumps(asdict(run), default=str, indent=2))
        return run

    def networks(self) -> list[str]:
        """All that it uses, in CIDR notation."""
        return [self.shared.network, *(node.network for node in self.layouts)]

    def end(self) -> None:
        """Take everything away, whatever state it is in; the nodes' logs stay. May be called again.

        Raises TestbedError when something would not go; the record then stays, and the next run tries again.
        """
        problems = []
        for layout in self.layouts:
            try:
                leftovers.power_off(layout)
                leftovers.erase(layout)
            except TestbedError as error:
                problems.append(str(error))
        if problems:
            raise TestbedError(" ".join(problems))
        network.remove_bridge(self.shared.bridge)
        shutil.rmtree(self.shared.workspace, ignore_errors=True)
        if all(run.base == self.base for run in _recorded()):
            sysctls.restore(self.sysctls)
        shutil.rmtree(self.base, ignore_errors=True)


def _recorded() -> list[Run]:
    return [_load(record) for record in sorted(_TOP.glob(f"{_PREFIX}*/{_RECORD}"))]


def _load(record: Path) -> Run:
    data = json.loads(record.read_text())
    owner = Process(**{**data["owner"], "log": Path(data["owner"]["log"])})
    layouts = tuple(Layout(**{**node, "data": Path(node["data"]), "state": Path(node["state"])}) for node in data["layouts"])
    shared = Shared(**{**data["shared"], "workspace": Path(data["shared"]["workspace"])})
    return Run(record.parent, owner, layouts, shared, data["sysctls"])


def _this_process() -> Process:
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return Process("python", os.getpid(), int(fields[19]), Path(os.devnull))


@contextmanager
def _lock() -> Iterator[None]:
    folder = os.open(_TOP, os.O_RDONLY)  # a lock on the folder itself needs no file that stays behind
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
