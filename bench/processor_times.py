"""Processor time of the programs of a testbed, so that it can be seen which of them a run had to wait for."""

import time
from collections.abc import Iterable

from tests.testbed.installation import OperatorProcess
from tests.testbed.testbed import Testbed


class ProcessorTimes:
    """Of the testbed's programs, the operator, and the benchmark itself, since this was made."""

    def __init__(self, testbed: Testbed, operator: OperatorProcess | None = None) -> None:
        self._processes = {each.name: each for each in testbed.processes}
        if operator is not None:
            self._processes["operator"] = operator.process
        self._began, self._before = time.monotonic(), self._now()

    def seconds(self) -> dict[str, float]:
        """By program."""
        return {name: seconds - self._before[name] for name, seconds in self._now().items()}

    def rows(self) -> Iterable[tuple[str, float, str]]:
        """The seconds of each, and how many cores it kept busy."""
        wall = time.monotonic() - self._began
        for name, seconds in sorted(self.seconds().items(), key=lambda entry: -entry[1]):
            short = name.removeprefix("kube-").replace("-", "_")
            yield f"{short}_cpu_s", seconds, "s"
            yield f"{short}_cores", seconds / wall, "cores"

    def _now(self) -> dict[str, float]:
        return {"benchmark": time.process_time(), **{name: each.cpu_seconds() for name, each in self._processes.items()}}
