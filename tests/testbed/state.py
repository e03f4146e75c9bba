"""What is written down about a testbed that outlives its parent, so that a later run can use and end it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .binaries import cache_directory
from .errors import TestbedError
from .processes import Process

FILE = "testbed.json"


@dataclass(frozen=True)
class State:
    """The processes (in the order they were started), the nodes' grace period in seconds, the API server's port."""

    processes: tuple[Process, ...]
    node_monitor_grace_period: float
    port: int
    token: str


def save(directory: Path, state: State) -> None:
    """Write `state` into `directory` and list that directory among the kept testbeds."""
    path = directory / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(state), indent=2, default=str))
    listed = _list()
    listed.mkdir(parents=True, exist_ok=True)
    (listed / directory.name).write_text(str(directory))


def load(directory: Path) -> State:
    """The state of the kept testbed in `directory`. Raises TestbedError when there is none."""
    try:
        data = json.loads((directory / FILE).read_text())
    except FileNotFoundError:
        raise TestbedError(f"No testbed was kept in {directory}.") from None
    processes = tuple(Process(**{**item, "log": Path(item["log"])}) for item in data.pop("processes"))
    return State(processes=processes, **data)


def forget(directory: Path) -> None:
    """Take `directory` off the list."""
    (_list() / directory.name).unlink(missing_ok=True)


def kept() -> list[Path]:
    """The directories of all kept testbeds of this user. Entries whose directory is gone are dropped."""
    found = []
    for entry in sorted(_list().glob("*")):
        directory = Path(entry.read_text())
        if (directory / FILE).is_file():
            found.append(directory)
        else:
            entry.unlink(missing_ok=True)
    return found


def _list() -> Path:
    return cache_directory() / "running"
