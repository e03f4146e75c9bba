"""What was seen of the nodes, written down so that it outlives the operator."""

from collections.abc import Mapping

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.node_states import NodeStates, NodeWatch, Survival
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.translate import node_record
from bayplan_operator.writer import NodeRecordWriter


class NodeMemory:
    """Looks at the nodes, and has what it says of them written before the next record is due."""

    def __init__(
        self, cluster: Cluster, writer: NodeRecordWriter, states: Mapping[str, NodeStates], load: Load | None = None
    ) -> None:
        """`states`: what was seen before this process began, per class; `load`: how busy nodes are."""
        self._cluster, self._load = cluster, load or Load()
        self._watch = NodeWatch(cluster, states)
        self._writer = writer
        self._written = self._watch.recorded

    @property
    def survival(self) -> Survival | None:
        """How surely nodes hold out; none: nothing was seen yet."""
        return self._watch.survival

    def step(self, now: float) -> None:
        """Look, and begin to write if there is something new. O(nodes)."""
        self._watch.step(now, lambda: self._load.estimate(self._cluster, now))
        if self._written is not self._watch.recorded and not self._writer.busy():
            self._written = self._watch.recorded
            self._writer.write(node_record.write(self._written))

    def next_time(self) -> float | None:
        """When `step` next has something to do although nothing happens."""
        return self._watch.next_time()
