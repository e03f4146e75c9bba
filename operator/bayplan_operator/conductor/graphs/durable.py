"""What follows once the API server has what was decided and seen of a graph."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy import int32
from numpy.typing import NDArray

from bayplan_operator.clock import Clock
from bayplan_operator.conductor.knowledge.adapting import Adapting
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.known import Checking
from bayplan_operator.conductor.record.register import Register


class Durable:
    """Has the next tick act on it."""

    def __init__(self, graphs: Register, adapting: Adapting, clock: Clock, wake: Callable[[], None]) -> None:
        """``wake`` has a tick made."""
        self._graphs, self._adapting, self._clock, self._wake = graphs, adapting, clock, wake

    def stands(self, graph: GraphRun, status: Mapping[str, Any], settled: NDArray[int32] | None, *, over: bool) -> None:
        """The API server has this status. ``settled``: per unit, the highest incarnation whose outcome it says; ``over``: it
        says the graph's end."""
        before, running = graph.decided.settled, graph.running
        graph.stands(status)
        news = graph.decided.settled and not before
        if running is not None and running.rounds is not None and running.rounds.next.value is not None:
            news = news or running.rounds.next.settled
        news = graph.choices_stand() or news
        news = (running is not None and running.holds.find(graph.written.status)) or news
        if running is not None and settled is not None and (running.lines.recorded != settled).any():
            running.lines.recorded, news = settled, True
        if over:
            graph.running = graph.known.prepared = None
            graph.known.checking = Checking()
            graph.decided.ended = graph.known.stale_pods = news = True
            self._adapting.recall(graph, self._clock.now())
        if news:
            self._graphs.due([graph.ref.uid])
            self._wake()
