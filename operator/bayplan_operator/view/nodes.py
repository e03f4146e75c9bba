"""The nodes: what they offer, and which of them are lost."""

import logging
from collections.abc import Callable, Sequence

from bayplan.cluster.cluster import Cluster
from bayplan_operator.kube import wire
from bayplan_operator.translate.node import aliases, is_ready, node_info, ready_since_change
from bayplan_operator.translate.node_labels import unreadable

log = logging.getLogger(__name__)


class NodeStore:
    """Takes in nodes and keeps the library's cluster equal to them."""

    def __init__(self, cluster: Cluster, on_change: Callable[[], None]) -> None:
        self._cluster = cluster
        self._on_change = on_change
        self._versions: dict[str, int] = {}
        self._not_ready: dict[str, float] = {}
        self._unreadable: dict[str, tuple[str, ...]] = {}
        """Per node, what was last told of its labels."""
        self.aliases: dict[str, tuple[str, ...]] = {}
        """Per node, every name and address that leads to it."""
        self.availability_changed = False
        """A node went, or its readiness changed; the caller that handles it sets it back."""
        self.turn = 0
        """Changes whenever a node comes or goes."""
        self.changed: set[str] = set()
        """Names of nodes that offer something else than before; the caller that handles them takes them out."""

    def replace(self, items: Sequence[wire.Node], version: int) -> None:
        """All nodes there were at ``version``."""
        listed = {node.metadata.name for node in items}
        for node in items:
            self.apply(node)
        for name in [name for name, known in self._versions.items() if known <= version and name not in listed]:
            self._drop(name)

    def apply(self, node: wire.Node) -> None:
        """A node is new or has changed."""
        name = node.metadata.name
        version = int(node.metadata.resource_version)
        if version <= self._versions.get(name, 0):
            return
        if name not in self._versions:
            self.availability_changed = True
            self.turn += 1
        self._versions[name] = version
        if is_ready(node):
            if self._not_ready.pop(name, None) is not None:
                self.availability_changed = True
        elif name not in self._not_ready:
            self._not_ready[name] = ready_since_change(node)
            self.availability_changed = True
        self._tell_unreadable(name, tuple(unreadable(node.metadata.labels)))
        self.aliases[name] = aliases(node)
        before = self._cluster.static_version
        self._cluster.set_node(node_info(node))
        if self._cluster.static_version != before:
            self.changed.add(name)

    def remove(self, node: wire.Node) -> None:
        """A node is gone."""
        self._drop(node.metadata.name)

    def flush(self) -> None:
        """Tell that there may be news."""
        self._on_change()

    def known(self, name: str) -> bool:
        """Whether the node exists."""
        return name in self._versions

    def lost(self, grace: float, now: float) -> tuple[frozenset[str], float | None]:
        """Nodes that have not been ready for ``grace`` seconds, and the instant at which the next one counts as lost."""
        lost, next_due = set(), None
        for name, since in self._not_ready.items():
            due = min(since, now) + grace  # a clock ahead of ours must not put the loss off
            if due <= now:
                lost.add(name)
            elif next_due is None or due < next_due:
                next_due = due
        return frozenset(lost), next_due

    def _tell_unreadable(self, name: str, sentences: tuple[str, ...]) -> None:
        """Once, not with each heartbeat of the node."""
        if sentences == self._unreadable.get(name, ()):
            return
        if sentences:
            self._unreadable[name] = sentences
        else:
            del self._unreadable[name]
        for sentence in sentences:
            log.warning("node %s: %s", name, sentence)

    def _drop(self, name: str) -> None:
        self._versions.pop(name, None)
        self._unreadable.pop(name, None)
        self.aliases.pop(name, None)
        self._not_ready.pop(name, None)
        self._cluster.remove_node(name)
        self.availability_changed = True
        self.turn += 1
