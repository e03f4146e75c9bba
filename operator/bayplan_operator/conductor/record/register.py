"""The graphs that there are, and which of them a tick has to look at."""

import logging
from collections.abc import Callable, Iterable

from bayplan_operator import metrics
from bayplan_operator.conductor.record.attention import Attention
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.known import Problem
from bayplan_operator.view.inbox import Key

log = logging.getLogger(__name__)

INTERNAL_ERROR = "InternalError"
_AFTER_ERROR = 5.0
"""Seconds until a graph that could not be handled is looked at again."""


class Register:
    """By key and by UID, and those that may still need something: a tick costs nothing for those that are over."""

    def __init__(self) -> None:
        self.by_key: dict[Key, GraphRun] = {}
        self.by_uid: dict[str, GraphRun] = {}
        self.open: dict[str, GraphRun] = {}
        """By UID."""
        self.attention = Attention()
        self._due: set[str] = set()
        self._on_close: list[Callable[[str], None]] = []

    # Which there are

    def add(self, graph: GraphRun) -> None:
        """A graph is new."""
        graph.told = self.attention.call
        self.by_key[graph.key] = self.by_uid[graph.ref.uid] = graph

    def reopen(self, graph: GraphRun) -> None:
        """There are news of a graph, or of its policy."""
        self.open[graph.ref.uid] = graph

    def remove(self, graph: GraphRun) -> None:
        """A graph is gone."""
        del self.by_key[graph.key], self.by_uid[graph.ref.uid]
        self.close(graph.ref.uid)

    def close(self, uid: str) -> None:
        """A graph is over or gone: nothing is decided about it any more."""
        self.open.pop(uid, None)
        self.attention.forget(uid)
        for forget in self._on_close:
            forget(uid)

    def on_close(self, forget: Callable[[str], None]) -> None:
        """Have the UID of every graph told that is over or gone."""
        self._on_close.append(forget)

    # Which have to be looked at

    def due(self, uids: Iterable[str]) -> None:
        """The runs of these graphs have to be advanced."""
        self._due.update(uids)

    def take_due(self) -> list[GraphRun]:
        """Those that are due, from now on not any more."""
        due, self._due = self._due, set()
        self.attention.call_all(sorted(due))
        return [self.by_uid[uid] for uid in sorted(due) if uid in self.by_uid]

    @property
    def any_due(self) -> bool:
        """The next tick has runs to advance."""
        return bool(self._due)

    @property
    def touched(self) -> list[GraphRun]:
        """Open graphs of which something may have changed since the tick before looked at them."""
        return self.opened(self.attention.called)

    def opened(self, uids: Iterable[str]) -> list[GraphRun]:
        """The graphs of these UIDs that are open."""
        return [self.open[uid] for uid in uids if uid in self.open]

    def look_at_all(self) -> None:
        """What was taken up before is left half done, perhaps."""
        self.attention.call_all(self.open)
        self._due.update(self.open)

    # What may go wrong with one of them

    def guarded(self, graph: GraphRun, now: float, step: Callable[[GraphRun, float], None]) -> None:
        """Do something with a graph. An error in one graph is told there and leaves the others alone."""
        try:
            step(graph, now)
        except Exception as error:
            metrics.TICK_ERRORS.inc()
            log.exception("TaskGraph %s/%s could not be handled", *graph.key)
            graph.known.invalid = Problem(INTERNAL_ERROR, f"the operator could not handle this graph: {error!r}")
            graph.written.next_at = now + _AFTER_ERROR  # else the next tick would be due at once, and so on for ever
            if graph.running is not None:
                graph.running.start_over()
                graph.running.wants.wake_at = now + _AFTER_ERROR
            graph.call()
