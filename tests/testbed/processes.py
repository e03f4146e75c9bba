"""Child processes that end with their parent, or on purpose outlive it."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError

# The kernel's parent-death signal fires when the *thread* that started the child ends. So one thread, which lives
# as long as the interpreter, starts them all; a test may then start a testbed from any thread.
_STARTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="testbed-starter")

_PORTS = (16_000, 32_000)
_DRAWS = 1_000
_claimed: set[int] = set()
"""Ports that this process drew."""
_lock_file: int | None = None
"""Open as long as the process lives: closing it would give up its locks."""
_KILL_SECONDS = 60.0


@dataclass(frozen=True)
class Process:
    """A running program. `started` (clock ticks since boot) tells it from a later one with the same pid."""

    name: str
    pid: int
    started: int
    log: Path

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        stat = _stat(self.pid)
        return stat is not None and stat[0] != "Z" and stat[1] == self.started

    def cpu_seconds(self) -> float:
        """User and system time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_memory(self) -> int:
        """The largest resident size so far, in bytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    def log_tail(self, lines: int = 15) -> str:
        """The end of its log, for error messages."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"

    def check(self) -> None:
        """Raise TestbedError with the end of its log when it has ended."""
        if not self.alive():
            raise TestbedError(f"{self.name} ended unexpectedly; the end of {self.log}:\n{self.log_tail()}")


def spawn(command: list[str], log: Path, *, keep: bool, environment: Mapping[str, str] | None = None) -> Process:
    """Start `command` with its output in `log`; it dies with this interpreter unless `keep`. `environment` is added to ours.

    Raises TestbedError where the system has no `setpriv` (util-linux).
    """
    name = Path(command[0]).name
    if not keep:
        if shutil.which("setpriv") is None:
            raise TestbedError("The program setpriv is missing; it belongs to the package util-linux.")
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    return _STARTER.submit(_spawn, name, command, log, environment or {}).result()


def stop(processes: Iterable[Process], grace: float) -> None:
    """End the processes: SIGTERM to all, SIGKILL after `grace` seconds to those that are still there."""
    running = list(processes)
    _signal(running, signal.SIGTERM)
    running = _wait(running, grace)
    _signal(running, signal.SIGKILL)
    left = _wait(running, _KILL_SECONDS)
    if left:
        names = ", ".join(f"{process.name} ({process.pid})" for process in left)
        raise TestbedError(f"Still running {_KILL_SECONDS:.0f} s after SIGKILL: {names}.")


def free_ports(count: int) -> list[int]:
    """`count` different loopback ports on which no program listens now. No other testbed gets them while this process lives.

    Drawn at random from below the range that the kernel gives to outgoing connections: a port that is only asked for here
    could otherwise belong to a connection by the time that its program listens. Raises TestbedError.
    """
    found: list[int] = []
    with ExitStack() as stack:
        for port in random.SystemRandom().sample(range(*_PORTS), _DRAWS):
            if len(found) == count:
                break
            if not _claim(port):
                continue
            item = stack.enter_context(socket.socket())
            try:
                item.bind(("127.0.0.1", port))
            except OSError:
                continue  # taken
            found.append(port)
    if len(found) < count:
        raise TestbedError(f"Of {_DRAWS} ports between {_PORTS[0]} and {_PORTS[1]}, fewer than {count} are free.")
    return found


def _claim(port: int) -> bool:
    """Whether a port is for this process from now on.

    Seconds can pass between the draw of a port and its use, and another testbed may draw it meanwhile. So each process locks a
    byte of one file for each of its ports; the kernel takes the lock back when the process ends.
    """
    global _lock_file
    if _lock_file is None:
        path = Path(tempfile.gettempdir()) / f"bayplan-testbed-ports-{os.getuid()}"
        _lock_file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if port in _claimed:
        return False
    try:
        fcntl.lockf(_lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _claimed.add(port)
    return True


def _spawn(name: str, command: list[str], log: Path, environment: Mapping[str, str]) -> Process:
    with log.open("ab") as output:
        # A session of its own: Ctrl-C in the terminal is for the parent, which then ends the children in order.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment},
        )
    stat = _stat(child.pid)
    _CHILDREN[child.pid] = child
    return Process(name, child.pid, stat[1] if stat else 0, log)


# Kept so that ended children are reaped by pid; Popen objects that are dropped would warn and stay zombies.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def _signal(processes: list[Process], number: signal.Signals) -> None:
    for process in processes:
        if process.alive():
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue  # it ended between the two calls


def _wait(processes: list[Process], seconds: float) -> list[Process]:
    """Those of `processes` that still run after at most `seconds`."""
    end = time.monotonic() + seconds
    left = processes
    while True:
        left = [process for process in left if process.alive()]
        for process in processes:
            child = _CHILDREN.get(process.pid)
            if child is not None and child.poll() is not None:
                del _CHILDREN[process.pid]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def _stat(pid: int) -> tuple[str, int] | None:
    """State letter and start time of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
