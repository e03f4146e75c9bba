"""How far long work is: a bar on a terminal, nothing elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType

_WIDTH = 30
_AFTER, _EVERY = 0.5, 0.1
"""Seconds: short work shows no bar at all, and a bar is drawn no more often."""


class Progress:
    """Writes to standard error, and takes the bar away at the end. A context manager."""

    def __init__(self, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._title, self._clock = title, clock
        self._terminal = sys.stderr.isatty()
        self._next = clock() + _AFTER
        self._shown = False

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, done: float, all_of_it: float) -> None:
        """So much is done."""
        if not self._terminal or self._clock() < self._next:
            return
        self._next = self._clock() + _EVERY
        self._shown = True
        part = min(1.0, done / all_of_it) if all_of_it else 1.0
        filled = round(part * _WIDTH)
        sys.stderr.write(f"\r{self._title} {'█' * filled}{'░' * (_WIDTH - filled)} {part:4.0%}\x1b[K")
        sys.stderr.flush()
