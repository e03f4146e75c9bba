"""How surely nodes hold out for as long as a task needs them: node states, looked up per node."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.node_states.chain import NodeState, NodeStates
from bayplan.knowledge.node_states.reruns import Reruns, reruns
from bayplan.model.arrays import FloatArray


@dataclass(frozen=True, eq=False, slots=True)
class Survival:
    """What was learned of each class of nodes, and what every node is doing. Compared by identity: a caller that
    learns more makes another one, and does not change what this one holds."""

    states: Mapping[str, NodeStates]
    """Node class to its chain; a class that is missing has the prior guess."""
    doing: Mapping[str, NodeState]
    """Node to its state; a node that is missing is idle."""
    _known: dict[tuple[str, NodeState, float], float] = field(default_factory=dict)
    _rows: dict[tuple[int, float], FloatArray] = field(default_factory=dict)

    def of(self, cluster: Cluster, seconds: float) -> FloatArray:
        """Per row of the cluster, the probability that its node does not fail once within `horizon(seconds)`, shape (rows,).

        Always of the same cluster. O(1) where its nodes and the horizon were asked before, otherwise O(rows), and a matrix
        exponential for each new class, state and horizon. Raises `ValueError` for negative seconds.
        """
        key = (cluster.static_version, horizon(seconds))
        if key not in self._rows:
            self._rows[key] = self._by_row(cluster, key[1])
        return self._rows[key]

    def reruns(self, classes: Sequence[str], delay: float) -> Reruns | None:
        """What failures cost runs on nodes of these classes. A failed attempt begins again after `delay` seconds. None: no
        node of them was seen to fail. O(classes)."""
        seen = [self.states.get(name, _UNSEEN) for name in classes]
        rates = [each.failing_rate(NodeState.BUSY, _HORIZON) if each.failures > 0 else 0.0 for each in seen]
        return reruns(classes, np.array(rates, np.float64), delay)

    def _by_row(self, cluster: Cluster, seconds: float) -> FloatArray:
        found = np.empty(len(cluster.names))
        for row, (name, number) in enumerate(zip(cluster.names, cluster.node_class.tolist(), strict=True)):
            found[row] = self._of(cluster.node_classes[number], self.doing.get(name, NodeState.IDLE), seconds)
        return found

    def _of(self, node_class: str, state: NodeState, seconds: float) -> float:
        key = (node_class, state, seconds)
        if key not in self._known:
            self._known[key] = self.states.get(node_class, _UNSEEN).survival(state, seconds)
        return self._known[key]


_UNSEEN = NodeStates()
_HORIZON = 600.0
"""Seconds over which the rate of failing of a node that something runs on is taken as constant."""


def horizon(seconds: float) -> float:
    """Rounded up to a power of two, so that few different ones are computed."""
    return 2.0 ** math.ceil(math.log2(seconds)) if seconds > 0 else seconds
