"""Which node a series is about, under the usual layouts of labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bayplan_operator.view.prometheus.answers import Series


@dataclass(frozen=True, slots=True)
class NodeAliases:
    """The nodes there are, by every name and address that leads to them."""

    names: tuple[str, ...]
    by_alias: Mapping[str, str]
    labels: tuple[str, ...]
    """Labels that may hold such a name, in the order in which they are tried."""
    instances: Mapping[str, str] = field(default_factory=dict)
    """Hosts of ``instance`` that name a node only by way of node-exporter's ``nodename``."""

    def of(self, series: Series) -> str | None:
        """The node's name; none if there is no such node."""
        for label in self.labels:
            value = series.labels.get(label)
            node = self._named(value) if value else None
            if node is not None:
                return node
        return self.instances.get(host(series.labels.get("instance", "")))

    def joined(self, join: Iterable[Series]) -> "NodeAliases":
        """With the instances that node-exporter's ``node_uname_info`` says the names of. O(series)."""
        found = {host(each.labels["instance"]): self.of(each) for each in join if "instance" in each.labels}
        known = {instance: node for instance, node in found.items() if node is not None and instance}
        return NodeAliases(self.names, self.by_alias, self.labels, known)

    def _named(self, value: str) -> str | None:
        return self.by_alias.get(value) or self.by_alias.get(host(value))


def by_alias(aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """From the aliases of each node to the node of each alias; what several nodes go by names none. O(aliases)."""
    owners: dict[str, str] = {}
    shared = set()
    for node, names in aliases.items():
        for name in names:
            if owners.setdefault(name, node) != node:
                shared.add(name)
    for name in shared:
        del owners[name]
    return owners | {node: node for node in aliases}


def host(instance: str) -> str:
    """``host:port`` without the port; also ``[address]:port``, as IPv6 has it."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    name, colon, port = instance.rpartition(":")
    return name if colon and port.isdecimal() and ":" not in name else instance
