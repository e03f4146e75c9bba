"""The attempts of a graph that exist, by key, by unit and by node."""

from collections import defaultdict
from collections.abc import Hashable, Iterable

from bayplan.lifecycle.attempt import Attempt


class LiveAttempts:
    """What was last seen of each. A change costs O(1)."""

    def __init__(self) -> None:
        self._by_key: dict[Hashable, Attempt] = {}
        self._by_unit: defaultdict[int, dict[Hashable, Attempt]] = defaultdict(dict)
        self._by_node: defaultdict[str, dict[Hashable, int]] = defaultdict(dict)

    def of(self, unit: int) -> Iterable[Attempt]:
        """Those of a unit."""
        found = self._by_unit.get(unit)
        return () if found is None else found.values()

    def units(self) -> Iterable[int]:
        """The units that have any."""
        return self._by_unit.keys()

    def nodes(self) -> Iterable[str]:
        """The nodes for which there are any."""
        return (node for node in self._by_node if node)

    def units_on(self, nodes: Iterable[str]) -> set[int]:
        """The units that have one on one of these nodes."""
        return {unit for node in nodes for unit in self._by_node.get(node, {}).values()}

    def see(self, attempt: Attempt) -> None:
        """It is new, or is seen otherwise than before."""
        self.drop(attempt.key)
        self._by_key[attempt.key] = attempt
        self._by_unit[attempt.unit][attempt.key] = attempt
        self._by_node[attempt.node][attempt.key] = attempt.unit

    def drop(self, key: Hashable) -> int | None:
        """It does not exist any more; answers its unit, `None` for one that is not known."""
        attempt = self._by_key.pop(key, None)
        if attempt is None:
            return None
        unit, node = attempt.unit, attempt.node
        del self._by_unit[unit][key], self._by_node[node][key]
        if not self._by_unit[unit]:
            del self._by_unit[unit]
        if not self._by_node[node]:
            del self._by_node[node]
        return unit
