"""Things made once and kept."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_Made = TypeVar("_Made")
_MISSING = object()


class Memo:
    """What was made under a key; of a bounded number, those used most recently are kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._made: OrderedDict[Hashable, Any] = OrderedDict()

    def __call__(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What is kept under the key, made now if need be."""
        found = self._made.get(key, _MISSING)
        if found is not _MISSING:
            self._made.move_to_end(key)
            return found  # type: ignore[no-any-return]
        made = self._made[key] = make()
        if len(self._made) > self._limit:
            self._made.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        self._made.clear()
