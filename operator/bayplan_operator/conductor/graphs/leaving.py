"""Graphs of which nothing has to be looked at for a while, or at all."""

from bayplan_operator.conductor.graphs.due import wake_at
from bayplan_operator.conductor.graphs.leftovers import Leftovers
from bayplan_operator.conductor.graphs.recording import Recorder
from bayplan_operator.conductor.outlook.estimating import Estimator
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick


class Leave(Step):
    """Ends a tick's look at the graphs that it touched: each is looked at again when its time comes, or when it is touched."""

    def __init__(self, recorder: Recorder, estimator: Estimator, leftovers: Leftovers) -> None:
        self._recorder, self._estimator, self._leftovers = recorder, estimator, leftovers

    def step(self, tick: Tick) -> None:
        """O(touched graphs)."""
        for graph in tick.graphs.opened(tick.graphs.attention.take()):
            uid = graph.ref.uid
            if graph.decided.ended or graph.known.deleting:
                self._leftovers.suspect([uid])
            if graph.decided.ended and graph.known.ttl is None:
                tick.graphs.close(uid)
            else:
                tick.graphs.attention.wake(uid, self._next(graph, tick.now))

    def _next(self, graph: GraphRun, now: float) -> float | None:
        times = (wake_at(graph), self._recorder.next_time_of(graph, now), self._estimator.next_time_of(graph, now))
        return min((at for at in times if at is not None), default=None)
