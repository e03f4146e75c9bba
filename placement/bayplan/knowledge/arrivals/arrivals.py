"""Learning the mix of requests from nothing but those that have arrived."""

from collections import Counter
from collections.abc import Mapping

from bayplan.model.workload import RequestClass

_FIRST = (10, 30, 100, 300, 1_000, 3_000)
_WINDOW = 10_000
_CLASSES = 1_024


class Arrivals:
    """Counts classes of requests as they arrive, and says when a mix should be made of them again.

    That is after 10, 30, 100, 300, 1,000, 3,000 and 10,000 arrivals, and from then on after every further 10,000; each
    time the counts are halved then, so that what arrived long ago is forgotten. Early, since what the first requests
    spoil stays spoilt. At most 1,024 classes are kept: when there are more, all counts are halved until some are nothing.
    """

    def __init__(self) -> None:
        self._counts: Counter[RequestClass] = Counter()
        self._arrived = 0
        self._due_after = _FIRST[0]

    @property
    def due(self) -> bool:
        """Whether so many have arrived since the last mix that the next should be made."""
        return self._arrived >= self._due_after

    def count(self, request_class: RequestClass) -> None:
        """One has arrived. O(1), amortised."""
        self._arrived += 1
        self._counts[request_class] += 1
        while len(self._counts) > _CLASSES:
            self._halve()

    def take(self) -> Mapping[RequestClass, int]:
        """Class and how often it has arrived, a copy; the next is due later."""
        taken = dict(self._counts)
        later = [each for each in _FIRST if each > self._arrived]
        if later:
            self._due_after = later[0]
        elif self._arrived < _WINDOW:
            self._due_after = _WINDOW
        else:
            self._due_after = self._arrived + _WINDOW
            self._halve()
        return taken

    def _halve(self) -> None:
        # Rounded down, so that classes seen once go first and the loop in `count` ends.
        self._counts = Counter({cls: number // 2 for cls, number in self._counts.items() if number > 1})
