"""Which profile has to go when there are too many: a fair share for each namespace, and what came back before what ran once."""

from heapq import heapify, heappop, heappush

from bayplan_operator.conductor.knowledge.oldest import Oldest
from bayplan_operator.view.inbox import Key

_ONCE = 4
"""Of what a namespace holds, one in so many is left to what ran once: else nothing new could ever run twice."""


class _Space:
    """The keys of one namespace, in two segments.

    Those that were used once go first, and only while they are few those that were used again: the segmented LRU of Karedla,
    Love and Wherry, "Caching strategies to improve disk system performance", IEEE Computer 27(3), 1994.
    """

    def __init__(self) -> None:
        self._once, self._again = Oldest[Key](), Oldest[Key]()

    def __len__(self) -> int:
        return len(self._once) + len(self._again)

    def used(self, key: Key, at: float, *, again: bool) -> None:
        """A key is used at an instant, for the first time or again."""
        (self._once if again else self._again).drop(key)
        (self._again if again else self._once).used(key, at)

    def drop(self, key: Key) -> None:
        """There is no such key any more."""
        self._once.drop(key)
        self._again.drop(key)

    def find(self) -> tuple[float, Key]:
        """The one to go first, with its last use. Raises ``IndexError`` where there is none."""
        few = len(self._again) > 0 and len(self._once) * _ONCE <= len(self)
        segment = self._again if few else self._once
        key = segment.find()
        return segment.at(key), key


class Shares:
    """Keys by namespace: the one to go is of the namespace with most of them.

    So what is kept is max-min fair: no namespace loses anything while it has no more than an equal share, and what others leave
    of theirs goes to those that want more. O(log keys) for each use.
    """

    def __init__(self) -> None:
        self._spaces: dict[str, _Space] = {}
        self._heap: list[tuple[int, float, str]] = []
        """Namespaces: minus how many keys, and the last use of the one to go first. Some are left over."""

    def used(self, key: Key, at: float, *, again: bool) -> None:
        """A key is used at an instant; ``again``: not for the first time."""
        self._spaces.setdefault(key[0], _Space()).used(key, at, again=again)
        self._note(key[0])

    def drop(self, key: Key) -> None:
        """There is no such key any more."""
        space = self._spaces.get(key[0])
        if space is not None:
            space.drop(key)
            if len(space):
                self._note(key[0])
            else:
                del self._spaces[key[0]]

    def find(self) -> Key:
        """The one to go; of namespaces with equally many, that which was used longest ago.

        Raises ``IndexError`` where there is none.
        """
        while self._heap[0] != self._rank(self._heap[0][2]):
            heappop(self._heap)
        return self._spaces[self._heap[0][2]].find()[1]

    def _note(self, namespace: str) -> None:
        rank = self._rank(namespace)
        if rank is not None:
            heappush(self._heap, rank)
        if len(self._heap) > 4 * len(self._spaces) + 100:
            self._heap = [rank for each in self._spaces if (rank := self._rank(each)) is not None]
            heapify(self._heap)

    def _rank(self, namespace: str) -> tuple[int, float, str] | None:
        space = self._spaces.get(namespace)
        return None if space is None else (-len(space), space.find()[0], namespace)
