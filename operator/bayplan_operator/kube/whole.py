"""Objects of a list of which more is needed than the fields of their kind."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


class _Items(msgspec.Struct):
    items: list[msgspec.Raw]


def whole(items: Sequence[_T], answer: bytes, wanted: Callable[[_T], bool]) -> Iterator[tuple[_T, Mapping[str, Any]]]:
    """Those that are wanted, each with all that the answer says of it. The answer is read a second time where there are any."""
    numbers = [number for number, item in enumerate(items) if wanted(item)]
    if numbers:
        raw = msgspec.json.decode(answer, type=_Items).items
        for number in numbers:
            yield items[number], msgspec.json.decode(raw[number])
