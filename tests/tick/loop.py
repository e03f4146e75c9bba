"""An event loop whose time is virtual: where nothing is ready, it jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

EPOCH = 1_800_000_000.0
"""2027-01-15T08:00:00Z, when every test begins."""
_BEGIN = 1000.0
_T = TypeVar("_T")

family: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("family", default=None)
"""Takes in every task that is made, directly or not, by the one in which it was set."""


_ROUNDS, _A_ROUND_TAKES = 500, 2.0**-20
"""So many rounds of the loop take that many seconds, as work does: what is due at an instant that rounding has put a little
before its time would otherwise be asked for again and again for ever."""
_MOST = 100_000
"""Rounds without any timer: more are a spin that would never end."""


class _Selector(selectors.SelectSelector):
    """Waits for nothing: no test has anything to wait for outside its process."""

    def __init__(self, jump: Callable[[float | None], None]) -> None:
        super().__init__()
        self._jump = jump
        self._rounds = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._rounds = 0
            self._jump(timeout)
        self._rounds += 1
        if self._rounds % _ROUNDS == 0:
            self._jump(_A_ROUND_TAKES)
        if self._rounds > _MOST:
            raise RuntimeError("something goes on and on without waiting for anything")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Work for threads is done at once, in its turn, and takes as long as a test says: no time passes while it is under way."""

    def __init__(self) -> None:
        self._now = _BEGIN
        self._idle: list[asyncio.Future[None]] = []
        self.takes: dict[Any, float] = {}
        """How long work for threads takes, by its function; others take no time."""
        self.errors: list[str] = []
        super().__init__(_Selector(self._jump))
        self.set_task_factory(_make_task)  # type: ignore[arg-type]
        self.set_exception_handler(self._note)

    def time(self) -> float:
        """Seconds of the monotonic clock."""
        return self._now

    def clock(self) -> float:
        """Seconds since the epoch."""
        return EPOCH + self._now - _BEGIN

    @property
    def passed(self) -> float:
        """Seconds since the test began."""
        return self._now - _BEGIN

    def after(self, seconds: float, what: Callable[..., None], *args: Any) -> None:
        """Have something happen later, on a whole millisecond: so what takes whole seconds happens at the same instant, however
        little the operator was behind when it began."""
        self.call_at(round(self._now + seconds, 3), what, *args)

    def spend(self, seconds: float) -> None:
        """Time passes while something is at work."""
        self._now += seconds

    async def idle(self) -> None:
        """Until nothing is left to do at this instant."""
        waiting = self.create_future()
        self._idle.append(waiting)
        await waiting

    def run_in_executor(self, executor: Any, func: Callable[..., _T], *args: Any) -> asyncio.Future[_T]:  # type: ignore[override]
        """Do it now; the answer is there later."""
        future: asyncio.Future[_T] = self.create_future()
        work = func.args[0] if isinstance(func, partial) and func.args else func  # as `asyncio.to_thread` wraps it
        seconds = self.takes.get(work.func if isinstance(work, partial) else work, 0.0)
        try:
            answer = func(*args)
        except Exception as error:
            self.call_later(seconds, _tell, future, future.set_exception, error)
        else:
            self.call_later(seconds, _tell, future, future.set_result, answer)
        return future

    def _jump(self, seconds: float | None) -> None:
        if self._idle and seconds != _A_ROUND_TAKES:
            waiting, self._idle = self._idle, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)
        elif seconds is None:
            raise RuntimeError("nothing will ever happen any more, and something waits for it")
        else:
            self._now += seconds

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(f"{context['message']}: {context.get('exception')!r}")


def _make_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, _T], **more: Any) -> asyncio.Task[_T]:
    task = asyncio.Task(coroutine, loop=loop, **more)
    relatives = family.get()
    if relatives is not None:
        relatives.add(task)
        task.add_done_callback(relatives.discard)
    return task


def _tell(future: asyncio.Future[Any], tell: Callable[[Any], None], what: object) -> None:
    if not future.done():
        tell(what)
