"""Work in a thread, beside the ticks."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from bayplan.core.background import Done
from bayplan_operator import metrics
from bayplan_operator.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")


class Thread:
    """A background whose work is done in a thread, and told of on the event loop. One for each kind of work."""

    def __init__(self, name: str, clock: Clock, wake: Callable[[], None]) -> None:
        """``wake`` has a tick made; it is called whenever a piece of work is over."""
        self._name, self._clock, self._wake = name, clock, wake
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """A piece of work is under way."""
        return self._task is not None

    def begin(self, work: Callable[[], T], over: Callable[[Done[T]], None]) -> None:
        """Have it done. Must be called in an event loop. Raises ``RuntimeError`` if one is under way."""
        if self._task is not None:
            raise RuntimeError(f"{self._name}: a piece of work is under way already")
        self._task = asyncio.get_running_loop().create_task(self._do(work, over), name=self._name)

    async def _do(self, work: Callable[[], T], over: Callable[[Done[T]], None]) -> None:
        began = self._clock.monotonic()
        try:
            value = await asyncio.to_thread(work)
        except Exception as error:  # the caller hears of it
            done: Done[T] = Done(self._clock.monotonic() - began, None, error)
        else:
            done = Done(self._clock.monotonic() - began, value)
        self._task = None
        try:
            over(done)
        except Exception:
            # The caller has dealt with what the work raised: this is a defect, and must not be lost with the task.
            metrics.TICK_ERRORS.inc()
            log.exception("%s: what came of a piece of work could not be taken in", self._name)
        self._wake()
