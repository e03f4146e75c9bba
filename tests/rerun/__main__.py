"""`python -m tests.rerun PATH ... [-- OPTION ...]`: run tests, and what failed once more, alone.

PATHs are pytest's; the OPTIONs, such as `-n 3`, hold for the first run only. A test whose time ran out since other tests
had the machine is no finding, so it may pass the second time. The exit code is 0 if all tests passed in one of the runs
and at most two needed the second.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from . import summary
from .record import Record


def run(arguments: Sequence[str], path: Path) -> tuple[int, Record | None]:
    """The exit status of pytest with these arguments, and what it recorded, if it came to that."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.rerun.plugin", "--record", str(path), *arguments]
    process = subprocess.Popen(command)

    def stop(number: int, _: FrameType | None) -> None:
        if number == signal.SIGTERM:  # the terminal sends SIGINT to pytest itself; a second one would cut its cleaning up short
            process.terminate()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait(), Record.read(path)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str]) -> int:
    """Run all; the exit code."""
    paths, options = list(arguments), []
    if "--" in paths:
        cut = paths.index("--")
        paths, options = paths[:cut], paths[cut + 1 :]
    began = time.monotonic()
    with TemporaryDirectory(prefix="bayplan-rerun-") as folder:
        status, first = run([*options, *paths], Path(folder) / "first.json")
        if status == 0 and first is not None and first.complete:
            return 0
        reason = summary.why_not_again(first, status)
        if reason is not None or first is None:
            print(f"\nNo second run: {reason}.", flush=True)
            return status if status > 0 else 1
        print("\nWhat failed runs once more, alone:", flush=True)
        status, second = run(list(first.failures), Path(folder) / "second.json")
    outcomes = summary.second_outcomes(first, second)
    print(*summary.lines(first, outcomes, time.monotonic() - began), sep="\n", flush=True)
    return 0 if status == 0 and summary.accepted(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
