"""Which nodes count as lost."""

from collections.abc import Callable, Iterable

from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.view import NodeStore

_GRACE_WITHOUT_POLICY = 30.0


class LostNodes:
    """By the node-loss graces of the policies."""

    def __init__(self, nodes: NodeStore, graces: Callable[[], Iterable[float]] = tuple) -> None:
        """``graces`` answers those of all policies that can be used; none: there are no policies."""
        self._nodes, self._graces = nodes, graces
        self._lost: dict[float, frozenset[str]] = {}
        self._next_at: float | None = None

    def of(self, graph: GraphRun) -> frozenset[str]:
        """Those that are lost by the grace of the graph's policy."""
        return self._lost.get(_grace(graph), frozenset())

    @property
    def next_at(self) -> float | None:
        """When the next node counts as lost."""
        return self._next_at

    def look(self, now: float) -> bool:
        """Look again; answers whether other nodes are lost than before. O(policies x silent nodes), however many graphs."""
        lost: dict[float, frozenset[str]] = {}
        self._next_at = None
        for grace in {_GRACE_WITHOUT_POLICY, *self._graces()}:
            lost[grace], at = self._nodes.lost(grace, now)
            if at is not None and (self._next_at is None or at < self._next_at):
                self._next_at = at
        before, self._lost = self._lost, lost
        return lost != before


def _grace(graph: GraphRun) -> float:
    policy = graph.known.policy
    return policy.spec.node_loss_grace if policy is not None else _GRACE_WITHOUT_POLICY
