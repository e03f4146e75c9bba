"""Which nodes kube-scheduler refused lately, per kind of pod."""

from bayplan.model.workload import RequestClass

_LONGEST = 16
"""Times the first memory: how long a node that refuses again and again is left out."""

_PASSING = 2.0
"""Seconds, where nothing is asked that kube-scheduler alone can judge: then somebody else was faster, and the view of the
cluster will soon say so itself."""


class Rejections:
    """Remembers refusals for a while, longer each time, so that the engine does not walk the nodes one by one."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._until: dict[tuple[RequestClass, str], tuple[float, float]] = {}

    def remember(self, request_class: RequestClass, node: str, now: float) -> None:
        """The node could not have a pod of this class."""
        memory = self._memory if request_class.judged_elsewhere else min(self._memory, _PASSING)
        _, last = self._until.get((request_class, node), (0.0, memory / 2))
        length = min(last * 2, memory * _LONGEST)
        self._until[request_class, node] = (now + length, length)

    def active(self, now: float) -> dict[RequestClass, frozenset[str]]:
        """The nodes left out per class."""
        by_class: dict[RequestClass, set[str]] = {}
        for (request_class, node), (until, _) in self._until.items():
            if until > now:
                by_class.setdefault(request_class, set()).add(node)
        return {request_class: frozenset(nodes) for request_class, nodes in by_class.items()}

    def expire(self, now: float) -> None:
        """Forget what is so old that not even its length matters."""
        for key in [key for key, (until, length) in self._until.items() if until + length < now]:
            del self._until[key]

    def next_expiry(self, now: float) -> float | None:
        """When a node is next allowed again."""
        return min((until for until, _ in self._until.values() if until > now), default=None)
