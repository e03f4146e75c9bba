"""Which graphs a tick has to look at."""

from collections.abc import Iterable
from heapq import heappop, heappush


class Attention:
    """By UID, graphs of which something may have changed, and those whose time has come. The others cost a tick nothing."""

    def __init__(self) -> None:
        self._called: dict[str, None] = {}
        self._at: dict[str, float] = {}
        self._clock: list[tuple[float, str]] = []
        """A heap; what `_at` does not say is left over."""

    def call(self, uid: str) -> None:
        """Something may have changed of a graph."""
        self._called[uid] = None

    def call_all(self, uids: Iterable[str]) -> None:
        """Something may have changed of each of them."""
        self._called.update(dict.fromkeys(uids))

    def wake(self, uid: str, at: float | None) -> None:
        """A graph has to be looked at by then, and not because of what was said before; `None`: not by the clock."""
        if at is None:
            self._at.pop(uid, None)
        elif self._at.get(uid) != at:
            self._at[uid] = at
            heappush(self._clock, (at, uid))

    def due(self, now: float) -> list[str]:
        """Whose time has come: they are called by it."""
        found = []
        while self._clock and self._clock[0][0] <= now:
            at, uid = heappop(self._clock)
            if self._at.get(uid) == at:
                del self._at[uid]
                found.append(uid)
        self.call_all(found)
        return found

    @property
    def called(self) -> list[str]:
        """Those that have been called, in any order that is the same for the same calls."""
        return list(self._called)

    def take(self) -> list[str]:
        """The same; from now on they have to be called again."""
        called, self._called = list(self._called), {}
        return called

    def forget(self, uid: str) -> None:
        """The graph is gone."""
        self._called.pop(uid, None)
        self._at.pop(uid, None)

    @property
    def next_time(self) -> float | None:
        """When the next time comes."""
        while self._clock and self._at.get(self._clock[0][1]) != self._clock[0][0]:
            heappop(self._clock)
        return self._clock[0][0] if self._clock else None
