"""Units that may have others evicted, by queue."""

from collections.abc import Container, Hashable, Iterator

from bayplan.admission.tree import QueueTree
from bayplan.strategy.wish import Wish

_TRIED = 16
"""Units of one queue that are looked at in one decision; of those alike, the first."""


class Contenders:
    """What waits in queues that evict. O(1) per change; a decision sorts what differs."""

    def __init__(self, tree: QueueTree) -> None:
        self._ageing = {name: each.ageing for name, each in tree.queues.items() if each.preemption.evicts}
        self._waiting: dict[str, dict[Hashable, dict[Hashable, Wish]]] = {name: {} for name in self._ageing}
        """By queue and kind, by id."""
        self.version = 0
        """Changes with what waits."""

    def __bool__(self) -> bool:
        return any(self._waiting.values())

    def add(self, wish: Wish) -> None:
        """It waits from now on."""
        kinds = self._waiting.get(wish.request.queue or "")
        if kinds is not None and wish.request.evicts:
            self.version += 1
            kinds.setdefault(_kind(wish), {})[wish.request.id] = wish

    def remove(self, wish: Wish) -> None:
        """It waits no more."""
        kinds = self._waiting.get(wish.request.queue or "")
        kind = _kind(wish)
        if kinds is not None and kind in kinds:
            self.version += 1
            kinds[kind].pop(wish.request.id, None)
            if not kinds[kind]:
                del kinds[kind]

    def queues(self) -> Iterator[str]:
        """Those in which anything waits."""
        return (name for name, kinds in self._waiting.items() if kinds)

    def units(self, queue: str, now: float, held: Container[Hashable]) -> list[list[Wish]]:
        """The first units of a queue, in its order: by priority with age, then by arrival. O(what differs + held).

        `held`: requests for which others are evicted already; they are left out.
        """
        ageing = self._ageing[queue]
        found = []
        for wishes in self._waiting[queue].values():
            able = (each for id_, each in wishes.items() if id_ not in held)
            first = min(able, key=_arrival, default=None) if _gang(wishes) else next(able, None)
            if first is None:
                continue
            request = first.request
            gained = 0.0 if ageing is None or request.since is None else ageing.points(now - request.since)
            unit = sorted(wishes.values(), key=_arrival) if request.gang is not None else [first]
            found.append(((-(request.priority + gained), *_arrival(first)), unit))
        found.sort(key=lambda each: each[0])
        return [unit for _, unit in found[:_TRIED]]


def _kind(wish: Wish) -> Hashable:
    """Of equal kinds the same would be said."""
    request = wish.request
    if request.gang is not None:
        return request.gang.id
    return request.request_class, request.priority, request.evicted_at, request.neighbour, wish.policy, wish.candidate


def _gang(wishes: dict[Hashable, Wish]) -> bool:
    return next(iter(wishes.values())).request.gang is not None


def _arrival(wish: Wish) -> tuple[tuple[object, ...], int]:
    return wish.request.arrival, wish.request.unit or 0
