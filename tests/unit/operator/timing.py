"""Clocks that are moved by hand, work that is done when a test says so, and a tick of some graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bayplan.core.background import Background, Done
from bayplan_operator.clock import Clock
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Tick


class Hands:
    """Both clocks."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.moment = 1000.0
        self.computed = 0.0
        self.each_look = 0.0
        """Seconds that a thread has computed whenever it looks at its clock again."""
        self.clock = Clock(lambda: self.now, lambda: self.moment, self._thread)

    def _thread(self) -> float:
        self.computed += self.each_look
        return self.computed


class Later(Background):
    """Does a piece of work when a test says so."""

    def __init__(self, seconds: float = 0.0) -> None:
        """Each piece of work takes so long, it says."""
        self.seconds = seconds
        self._work: Callable[[], Any] | None = None
        self._over: Callable[[Done[Any]], None] | None = None

    @property
    def busy(self) -> bool:
        return self._work is not None

    def begin(self, work: Callable[[], Any], over: Callable[[Done[Any]], None]) -> None:
        assert self._work is None
        self._work, self._over = work, over

    def finish(self) -> None:
        """Do what is under way, if anything is."""
        work, over = self._work, self._over
        if work is None or over is None:
            return
        self._work = None
        try:
            value = work()
        except Exception as error:
            over(Done(self.seconds, None, error))
        else:
            over(Done(self.seconds, value))

    def finish_all(self) -> None:
        """Also what follows at once."""
        for _ in range(1000):
            if not self.busy:
                return
            self.finish()
        raise AssertionError("one piece of work after the other, without an end")


def tick(now: float, graphs: Iterable[GraphRun]) -> Tick:
    """A tick that has to look at these graphs; there are no others."""
    register = Register()
    for graph in graphs:
        register.add(graph)
        register.reopen(graph)
        graph.call()
    return Tick(now, register)
