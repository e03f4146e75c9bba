"""What the compiler is doing, said on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bayplan.solvers.kernels.compiled import plain_at_first, watched

_PLAIN_STEPS = 5_000
"""Enough for a graph of a few tasks on a few nodes: the compiler, which takes half a second to load, is not needed."""


@contextmanager
def kernels_told() -> Iterator[None]:
    """Kernels are compiled where that pays; where none has been compiled on this machine, that is said."""
    told = Told()
    try:
        with watched(told), plain_at_first(_PLAIN_STEPS):
            yield
    finally:
        told.close()


class Told:
    """One line when compiling starts, one when all is over; nothing where all was compiled before."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._kernels, self._depth = 0, 0
        self._began, self._seconds = 0.0, 0.0

    def started(self) -> None:
        """A kernel is being compiled; kernels that it calls are compiled meanwhile."""
        if not self._kernels:
            _say("compiling the library's kernels, which is kept for the next time: it takes up to a minute ...")
        if not self._depth:
            self._began = self._clock()
        self._kernels, self._depth = self._kernels + 1, self._depth + 1

    def ended(self) -> None:
        """It is done."""
        self._depth -= 1
        if not self._depth:
            self._seconds += self._clock() - self._began

    def close(self) -> None:
        """Nothing more is compiled."""
        if self._kernels:
            _say(f"compiled {self._kernels} kernels in {self._seconds:.1f} s")


def _say(sentence: str) -> None:
    # Over a progress bar, where there is one.
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{clear}bayplan: {sentence}", file=sys.stderr, flush=True)
