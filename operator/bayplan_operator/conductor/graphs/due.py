"""Which runs have to be advanced."""

from bayplan_operator.conductor.graphs.advancer import CHECK_EVERY
from bayplan_operator.conductor.graphs.leftovers import Leftovers
from bayplan_operator.conductor.graphs.lost_nodes import LostNodes
from bayplan_operator.conductor.placing.rejections import Rejections
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import NodeStore, PodStore


class FindDue(Step):
    """Gathers the graphs of which something may have changed: by their pods, by nodes, by the clock."""

    def __init__(self, pods: PodStore, nodes: NodeStore, lost: LostNodes, rejections: Rejections, leftovers: Leftovers) -> None:
        self._pods, self._nodes, self._lost = pods, nodes, lost
        self._rejections, self._leftovers = rejections, leftovers

    def step(self, tick: Tick) -> None:
        """O(changed pods); O(graphs with pods) where a node has come, gone or been lost."""
        self._take_pods(tick)
        self._rejections.left(self._pods.left, tick.now)
        self._rejections.changed(self._nodes.changed, tick.now)
        self._pods.left.clear()
        self._nodes.changed.clear()
        lost = self._lost.look(tick.now)
        if lost or self._nodes.availability_changed:
            self._nodes.availability_changed = False
            tick.graphs.due(self._pods.graphs_with_pods())
        for graph in tick.graphs.opened(tick.graphs.attention.due(tick.now)):
            at = wake_at(graph)
            if at is not None and at <= tick.now:
                tick.graphs.due([graph.ref.uid])

    def next_time(self, now: float) -> float | None:
        """When the next node counts as lost. Graphs' own times are in their register."""
        return self._lost.next_at

    def _take_pods(self, tick: Tick) -> None:
        for uid, keys in self._pods.take_changed().items():
            graph = tick.graphs.by_uid.get(uid)
            if graph is not None:
                graph.known.stale_pods = True
                if graph.running is not None and graph.running.seen.changed is not None:
                    graph.running.seen.changed |= keys
                tick.graphs.due([uid])
            self._leftovers.suspect([uid])


def wake_at(graph: GraphRun) -> float | None:
    """When the run of a graph has to be advanced though nothing happens."""
    if graph.running is None or graph.known.deleting:
        return None
    check, wake = graph.running.seen.checked_at + CHECK_EVERY, graph.running.wants.wake_at
    return check if wake is None else min(check, wake)
