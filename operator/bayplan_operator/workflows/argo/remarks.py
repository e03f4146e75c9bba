"""Remarks on what a file says and a simulation does not do. Each names its place, so that the user hears of all that is
dropped."""

import re
from collections import Counter
from collections.abc import Iterator

from bayplan_operator.workflows.documents import Document, name

_SHOWN = 5
"""Of places that differ by numbers only."""
_NUMBER = re.compile(r"\[\d+\]")
_PLAIN = re.compile(r"[A-Za-z_][-\w]*")


class Remarks:
    """Sentences about one document, each place once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._said: dict[str, str] = {}

    def not_read(self, place: str, why: str) -> None:
        """The field is not looked at."""
        self.add(place, f"is not looked at: {why}")

    def add(self, place: str, words: str) -> None:
        """`<place> <words>`."""
        self._said.setdefault(place, words)

    def __iter__(self) -> Iterator[str]:
        """The remarks, with file and line. Of many alike, the first few are given, and the number of the others."""
        seen: Counter[tuple[str, str]] = Counter()
        for place, words in self._said.items():
            alike = (_NUMBER.sub("[]", place), words)
            seen[alike] += 1
            if seen[alike] <= _SHOWN:
                yield str(self._document.fault(f"{place} {words}", place))
        for (place, words), count in seen.items():
            if count > _SHOWN:
                yield f"{name(self._document.path)}: {place} {words} (at {count - _SHOWN:,} more places)"


def below(place: str, key: object) -> str:
    """The place of a key; in quotes where it has dots or slashes, such as `limits["nvidia.com/gpu"]`."""
    step = str(key)
    return f"{place}.{step}" if _PLAIN.fullmatch(step) else f'{place}["{step}"]'
