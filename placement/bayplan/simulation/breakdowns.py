"""Nodes that crash and come back, as the cluster's owner sees them."""

import math
from collections.abc import Iterator
from dataclasses import replace

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.failures import Crash, Failures


class Breakdowns:
    """Which nodes are silent, and which of them are lost by each policy's grace."""

    def __init__(
        self, nodes: list[NodeInfo], failures: Failures, noticing: float, graces: dict[str, float], seed: int, agenda: Agenda
    ) -> None:
        self._nodes = {node.name: node for node in nodes}
        self._noticing, self._graces, self._agenda = noticing, graces, agenda
        self._crashes: list[tuple[Crash, Iterator[Crash]]] = []
        self._losses: list[tuple[int, str]] = []
        self._down: dict[str, int] = {}
        self._lost: dict[str, frozenset[str]] = {policy: frozenset() for policy in graces}
        for number, node in enumerate(nodes):
            self._expect_next(failures.of_node(number, node, seed))

    def silent(self, node: str) -> bool:
        """Whether a node has crashed and is not back."""
        return node in self._down

    def lost(self, policy: str) -> frozenset[str]:
        """The nodes that count as lost."""
        return self._lost[policy]

    def crash(self, number: int, now: float) -> str:
        """A node falls silent; answers which."""
        crash, _ = self._crashes[number]
        self._down[crash.node] = number
        self._agenda.add(now + self._noticing, Event.NOTICE, number)
        if math.isfinite(crash.repaired):
            self._agenda.add(crash.repaired, Event.REPAIR, number)
        return crash.node

    def notice(self, number: int, cluster: Cluster, now: float) -> bool:
        """If the node is still silent, it is not ready from now on."""
        crash, _ = self._crashes[number]
        if self._down.get(crash.node) != number:
            return False
        cluster.set_node(replace(self._nodes[crash.node], ready=False))
        for policy, grace in self._graces.items():
            self._losses.append((number, policy))
            self._agenda.add(now + grace, Event.LOSS, len(self._losses) - 1)
        return True

    def lose(self, loss: int) -> str | None:
        """If the node is still silent, a policy gives it up; answers which node."""
        number, policy = self._losses[loss]
        crash, _ = self._crashes[number]
        if self._down.get(crash.node) != number:
            return None
        self._lost[policy] |= {crash.node}
        return crash.node

    def repair(self, number: int, cluster: Cluster) -> str:
        """The node is back; answers which."""
        crash, coming = self._crashes[number]
        del self._down[crash.node]
        self._lost = {policy: nodes - {crash.node} for policy, nodes in self._lost.items()}
        cluster.set_node(self._nodes[crash.node])
        self._expect_next(coming)
        return crash.node

    def _expect_next(self, coming: Iterator[Crash]) -> None:
        crash = next(coming, None)
        if crash is not None:
            self._crashes.append((crash, coming))
            self._agenda.add(crash.at, Event.CRASH, len(self._crashes) - 1)
