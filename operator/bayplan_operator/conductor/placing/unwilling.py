"""Which nodes have kept no pod of a class, attempt after attempt: longer than they are left out for it."""

from collections.abc import Collection, Mapping

from bayplan.model.workload import RequestClass


class Unwilling:
    """Per class of pods, the nodes that have refused or evicted one since the last that ran on any node."""

    def __init__(self, memory: float) -> None:
        """`memory`: seconds after which a refusal counts no more. At least as long as a node may be left out between two."""
        self._memory = memory
        self._refused: dict[RequestClass, dict[str, float]] = {}
        """By class and node, when it last did."""

    def refused(self, request_class: RequestClass, node: str, now: float) -> None:
        """The node did not keep a pod of the class."""
        self._refused.setdefault(request_class, {})[node] = now

    def ran(self, request_class: RequestClass) -> None:
        """A pod of the class runs."""
        self._refused.pop(request_class, None)

    def changed(self, nodes: Collection[str]) -> None:
        """These nodes offer something else than before. O(nodes x classes that are refused)."""
        for known in self._refused.values():
            for node in nodes:
                known.pop(node, None)

    def nodes(self, now: float) -> Mapping[RequestClass, frozenset[str]]:
        """Those that count now; what is too long ago is forgotten. O(what is remembered)."""
        for request_class, known in list(self._refused.items()):
            for node in [each for each, at in known.items() if at < now - self._memory]:
                del known[node]
            if not known:
                del self._refused[request_class]
        return {request_class: frozenset(known) for request_class, known in self._refused.items()}
