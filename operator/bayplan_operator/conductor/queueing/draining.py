"""What runs in a queue that is drained has to go: it is evicted, with its grace, and waits again."""

from bayplan_operator import metrics
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.translate.eviction import DRAINED, mark_of_drain
from bayplan_operator.view import PodStore
from bayplan_operator.writer import PodWriter


class Drain(Step):
    """Evicts the pods of graphs whose queue, or one above it, has the stopPolicy HoldAndDrain."""

    def __init__(self, queues: Queues, pods: PodStore, writer: PodWriter) -> None:
        self._queues, self._pods, self._writer = queues, pods, writer

    def step(self, tick: Tick) -> None:
        """O(pods of touched graphs in such queues): any change of the queues touches all graphs."""
        for graph in tick.touched:
            self._look(graph)

    def _look(self, graph: GraphRun) -> None:
        prepared = graph.known.prepared
        drained = "" if prepared is None else self._queues.tree.drained(prepared.spec.queue_name)
        if prepared is None or not drained:
            return
        grace = self._queues.longest_grace(prepared.spec.queue_name)
        for own in list(self._pods.own(graph.ref.uid)):
            if own.may_be_evicted and self._writer.evict(own, mark_of_drain(drained), grace):
                metrics.EVICTIONS.labels(DRAINED).inc()
