"""Queues that are new, have changed or are gone, and what that means to the graphs."""

from collections.abc import Mapping

from bayplan.cluster.cluster import Cluster
from bayplan.model.decision import Decision
from bayplan_operator.conductor.queueing.queues import Queues
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.register import Register
from bayplan_operator.conductor.step import Step, Tick
from bayplan_operator.view import PodStore
from bayplan_operator.view.inbox import Inbox

_LINE = 255
"""Characters of what is said of a shard that waits."""


class Assigning:
    """Tells each graph, and its pods, which queue they are of, and whether that lets them start."""

    def __init__(self, queues: Queues, cluster: Cluster, pods: PodStore) -> None:
        self._queues, self._cluster, self._pods = queues, cluster, pods

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Of the namespaces; another object once they have changed."""
        return self._cluster.neighbours.namespaces

    def assign(self, graph: GraphRun) -> None:
        """After any news of the graph, of queues, or of namespaces. O(depth of the tree of queues)."""
        known = graph.known
        if known.prepared is None or graph.decided.ended:
            return
        spec = known.prepared.spec
        name = spec.queue_name
        graph.decided.charge.follow(name, whole=spec.admission == "Graph", suspended=known.suspended)
        self._pods.name_queue(graph.ref.uid, name)
        stop = self._queues.stop_of(name, graph.ref.namespace, self.labels)
        if stop != known.queue_stop:
            known.queue_stop = stop
            graph.call()

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._pods.holding.forget(uid)
        self._pods.laws.forget(uid)


class TakeQueues(Step):
    """Keeps the queues, and tells the cluster what they may hold."""

    def __init__(self, inbox: Inbox, queues: Queues, assigning: Assigning, cluster: Cluster) -> None:
        self._inbox, self._queues, self._assigning, self._cluster = inbox, queues, assigning, cluster
        self._labels = assigning.labels

    def step(self, tick: Tick) -> None:
        """O(queues + open graphs) where there are news that matter to what may start."""
        changed = [self._queues.take(key[1], raw) for key, raw in self._inbox.take()]
        if any(changed):
            self._queues.settle()
            self._cluster.set_quotas(self._queues.tree.limits())
            tick.graphs.attention.call_all(tick.graphs.open)
        if any(changed) or self._labels is not self._assigning.labels:
            self._labels = self._assigning.labels
            self._assign_all(tick.graphs)

    def forget(self, uid: str) -> None:
        """The graph is over or gone."""
        self._assigning.forget(uid)

    def _assign_all(self, graphs: Register) -> None:
        for graph in list(graphs.open.values()):
            self._assigning.assign(graph)


class HoldBack(Step):
    """Has the shards of a graph wait whose queue lets nothing start."""

    def step(self, tick: Tick) -> None:
        """O(shards of touched graphs that are held back)."""
        for graph in tick.touched:
            stop, running = graph.known.queue_stop, graph.running
            if stop is None or running is None or not graph.startable:
                continue
            for unit in running.wants.start:
                running.asking.refused(unit, Decision((graph.ref.uid, unit), None, stop.reason, stop.message[:_LINE]))
