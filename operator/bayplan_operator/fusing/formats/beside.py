"""Writing in a thread, while the next coordinates are being computed."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.tensors import Array, TensorLayout
from bayplan_operator.fusing.formats.writing import FileSink

_WAITING = 4
"""Chunks that may wait to be written; each is a copy."""


class WrittenBeside:
    """A sink whose writes happen in a thread, in their order. What goes wrong is raised by a later call."""

    def __init__(self, sink: FileSink, thread: ThreadPoolExecutor) -> None:
        self._sink, self._thread = sink, thread
        self._pending: deque[Future[None]] = deque()

    def begin(self, layouts: Mapping[str, TensorLayout]) -> None:
        """As `ModelSink` has it."""
        self._sink.begin(layouts)

    def write(self, name: str, values: Array) -> None:
        """As `ModelSink` has it: the values may change once this returns, so a copy is written."""
        while len(self._pending) >= _WAITING:
            self._pending.popleft().result()
        self._pending.append(self._thread.submit(self._sink.write, name, values.copy()))

    def finish(self) -> None:
        """Once all is written. Raises what writing has raised."""
        while self._pending:
            self._pending.popleft().result()
        self._sink.finish()

    def abandon(self) -> None:
        """The file will not be used. Something else has failed already, so that what writing raises is told no more."""
        while self._pending:
            with suppress(FusionError, OSError, ValueError):
                self._pending.popleft().result()
        self._sink.abandon()
