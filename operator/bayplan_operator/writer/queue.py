"""Writes under way: how many, for which objects, and what happens when one does not work."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any

from bayplan_operator import metrics
from bayplan_operator.kube import errors

log = logging.getLogger(__name__)

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
COOLING = 5.0
"""Seconds for which an object is left alone after its write was given up."""


class WriteQueue:
    """Runs writes in the background, at most one per key and ``limit`` at once."""

    def __init__(self, limit: int, jitter: random.Random, on_done: Callable[[Hashable], None]) -> None:
        """``on_done``: told the key of each write that is over, and once more when it may be tried again."""
        self._slots = asyncio.Semaphore(limit)
        self._jitter = jitter
        self._on_done = on_done
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}
        self._cooling_until: dict[Hashable, float] = {}

    def busy(self, key: Hashable) -> bool:
        """A write for the key is under way, or one failed a moment ago."""
        if key in self._tasks:
            return True
        until = self._cooling_until.get(key)
        if until is None:
            return False
        if asyncio.get_running_loop().time() < until:
            return True
        del self._cooling_until[key]
        return False

    def submit(self, key: Hashable, what: str, write: Coroutine[Any, Any, None]) -> None:
        """Start a write. What it leaves undone is wanted again by the next tick."""
        self._tasks[key] = asyncio.get_running_loop().create_task(self._run(key, what, write))

    async def request(self, what: str, call: Callable[[], Awaitable[bytes]], *, repeatable: bool = True) -> bytes:
        """One request, tried again with back-off while the server is busy, or out of reach where repeating does no harm.

        Raises the last ``errors.ApiError``.
        """
        for attempt in range(1, TRIES + 1):
            try:
                async with self._slots:
                    answer = await call()
                metrics.WRITES.labels(what).inc()
                return answer
            except (errors.Busy, errors.Unreachable) as error:
                if attempt == TRIES or (isinstance(error, errors.Unreachable) and not repeatable):
                    raise
                why = type(error).__name__
                metrics.WRITE_RETRIES.labels(what, why).inc()
                await self.back_off(attempt, getattr(error, "retry_after", None))
        raise AssertionError("unreachable: the last try returns or raises")

    async def back_off(self, attempt: int, asked: float | None = None) -> None:
        """Wait before the next try: what the server asked for, otherwise exponentially longer, with jitter."""
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)) if asked is None else min(asked, 60.0)
        await asyncio.sleep(wait * self._jitter.uniform(0.7, 1.3))

    def cancel(self) -> None:
        """Give up all that is under way: this process may not write any more."""
        for task in list(self._tasks.values()):
            task.cancel()

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def _run(self, key: Hashable, what: str, write: Coroutine[Any, Any, None]) -> None:
        try:
            await write
        except errors.Fenced:
            metrics.WRITES_FENCED.labels(what).inc()  # a successor decides again whether it is wanted
        except errors.ApiError as error:
            metrics.WRITE_FAILURES.labels(what, type(error).__name__).inc()
            log.warning("%s of %s failed: %s; wanted again in %.0f s", what, key, error, COOLING)
            self._cool(key)
        except Exception:
            metrics.WRITE_FAILURES.labels(what, "Error").inc()
            log.exception("%s of %s failed", what, key)
            self._cool(key)
        finally:
            del self._tasks[key]
            self._on_done(key)

    def _cool(self, key: Hashable) -> None:
        loop = asyncio.get_running_loop()
        self._cooling_until[key] = loop.time() + COOLING
        loop.call_later(COOLING, self._warm, key)

    def _warm(self, key: Hashable) -> None:
        self._cooling_until.pop(key, None)
        self._on_done(key)
