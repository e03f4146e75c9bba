"""Which nodes are left out for a while, per class of pods: kube-scheduler refused one there, or one was evicted from there."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from bayplan.model.workload import RequestClass
from bayplan_operator.conductor.placing.unwilling import Unwilling

_LONGEST = 16
"""Times the first memory: how long a node that refuses again and again is left out."""

_PASSING = 2.0
"""Seconds, at the first refusal of a class of which nothing is asked that kube-scheduler alone can judge: then another pod was
faster, and the view of the cluster will soon say so itself."""

_RECALLED = 60.0
"""Seconds at least for which a refusal that is over still counts as one before the next: kube-scheduler may take its time, and
a pod must not go back and forth between two nodes meanwhile."""

_SLOWEST = 60.0
"""Seconds between two refusals in a row, however often something leaves the node in between."""


@dataclass(slots=True)
class _Memory:
    """What is remembered of one class on one node. Instants are seconds since the epoch."""

    since: float
    until: float
    earliest: float
    """Until then it does not end though what was in the way may have gone."""
    times: int
    """Decisions in a row that came to nothing there."""
    evicted: bool
    """A pod that ran was evicted: that another pod leaves the node is no reason to send one there again."""

    @property
    def stale(self) -> float:
        """When not even the number of times matters any more."""
        return self.until + max(self.until - self.since, _RECALLED)

    def end(self, at: float) -> None:
        """It ends at an instant, or when it would have."""
        self.until = min(self.until, at)


class Rejections:
    """Remembers, so that the decider does not try the nodes one after the other, or the same one for ever.

    A decision counts once, however many alike it sent: while a node is left out, no pod of the class is sent there, so what is
    refused then was decided before. A memory ends early once what was in the way may have gone: a pod on the node ended or left
    it, or the node changed.
    """

    def __init__(self, memory: float) -> None:
        """``memory``: seconds for which a first rejection counts. It doubles each time, up to 16 times as long."""
        self._memory = memory
        self.unwilling = Unwilling(2 * _LONGEST * memory)
        self._nodes: dict[str, dict[RequestClass, _Memory]] = {}

    def refused(self, request_class: RequestClass, node: str, now: float) -> None:
        """kube-scheduler could not bind a pod of the class to the node."""
        self.unwilling.refused(request_class, node, now)
        times = self._times(request_class, node, now)
        if times is None:
            return
        length = self._length(times if request_class.judged_elsewhere else times - 1)
        pause = 0.0 if times == 1 else min(2.0 ** min(times - 2, 64), _SLOWEST)
        self._remember(request_class, node, _Memory(now, now + length, now + pause, times, evicted=False))

    def evicted(self, request_class: RequestClass, node: str, stayed: float, now: float) -> None:
        """A pod of the class was evicted from the node, on which it ran for ``stayed`` seconds.

        Several nodes may evict alike: so that a pod does not go round among them, the longer it stayed the longer it keeps off.
        """
        self.unwilling.refused(request_class, node, now)
        times = self._times(request_class, node, now)
        if times is not None:
            until = now + min(max(self._length(times), _LONGEST * stayed), _LONGEST * self._memory)
            self._remember(request_class, node, _Memory(now, until, now, times, evicted=True))

    def accepted(self, request_class: RequestClass, node: str) -> None:
        """A pod of the class runs on the node: what is refused there from now on begins a new row."""
        self.unwilling.ran(request_class)
        known = self._nodes.get(node, {}).get(request_class)
        if known is not None and not known.evicted:
            known.times, known.earliest = 1, known.since

    def left(self, nodes: Iterable[str], now: float) -> None:
        """A pod on these nodes ended or left them."""
        for known in self._on(nodes):
            if not known.evicted:
                known.end(max(now, known.earliest))

    def changed(self, nodes: Collection[str], now: float) -> None:
        """These nodes offer something else than before."""
        self.unwilling.changed(nodes)
        for known in self._on(nodes):
            known.end(now)

    def active(self, now: float) -> dict[RequestClass, frozenset[str]]:
        """The nodes left out per class; none of a class of which refusals are remembered that are over."""
        by_class: dict[RequestClass, set[str]] = {}
        for node, classes in self._nodes.items():
            for request_class, known in classes.items():
                left_out = by_class.setdefault(request_class, set())
                if known.until > now:
                    left_out.add(node)
        return {request_class: frozenset(nodes) for request_class, nodes in by_class.items()}

    def expire(self, now: float) -> None:
        """Forget what is so old that not even its number of times matters."""
        for node, classes in list(self._nodes.items()):
            for request_class in [each for each, known in classes.items() if known.stale < now]:
                del classes[request_class]
            if not classes:
                del self._nodes[node]

    def next_expiry(self, now: float) -> float | None:
        """When a node is next allowed again."""
        return min((known.until for known in self._on(self._nodes) if known.until > now), default=None)

    def _on(self, nodes: Iterable[str]) -> Iterator[_Memory]:
        return (known for node in nodes for known in self._nodes.get(node, {}).values())

    def _times(self, request_class: RequestClass, node: str, now: float) -> int | None:
        """How many decisions in a row it is with this one; ``None``: this one has been counted."""
        known = self._nodes.get(node, {}).get(request_class)
        if known is None:
            return 1
        return None if known.until > now else known.times + 1

    def _length(self, times: int) -> float:
        """Seconds, after so many that say something of the node; 0: none does."""
        if times == 0:
            return min(self._memory, _PASSING)
        return self._memory * min(2.0 ** min(times - 1, 64), _LONGEST)

    def _remember(self, request_class: RequestClass, node: str, memory: _Memory) -> None:
        self._nodes.setdefault(node, {})[request_class] = memory
