"""Fields of a document, with what is wrong about them in words."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from bayplan_operator.api.duration import parse_duration
from bayplan_operator.api.validation.words import nearest, shown
from bayplan_operator.workflows.documents import Document, InputError
from bayplan_operator.workflows.files.findings import all_of


class Fields:
    """A map in a document. All methods raise `InputError`."""

    def __init__(self, document: Document, value: Any, place: str = "") -> None:
        if not isinstance(value, Mapping):
            raise document.fault(f"{place or 'this'} is {shown(value)}: it must be a map", place)
        self.document, self.value, self.place = document, value, place

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.place}.{name}" if self.place else name

    def fault(self, name: str, wrong: str) -> InputError:
        """`<field> is <value>: <wrong>`."""
        return self.document.fault(f"{self.at(name)} is {shown(self.value.get(name))}: {wrong}", self.at(name))

    def item_fault(self, name: str, number: int, wrong: str) -> InputError:
        """`<field>[<number>] is <value>: <wrong>`."""
        place = f"{self.at(name)}[{number}]"
        return self.document.fault(f"{place} is {shown(self.value[name][number])}: {wrong}", place)

    def only(self, known: Iterable[str]) -> None:
        """No other fields than these; all others are told."""
        names = sorted(known)
        unknown = [str(name) for name in self.value if name not in names]
        faults = (self.document.fault(f"{self.at(each)} is unknown: {nearest(each, names, what='fields')}", self.at(each))
                  for each in unknown)  # fmt: skip
        if (wrong := all_of(faults)) is not None:
            raise wrong

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty; without a default it must be there."""
        value = self.value.get(name, default)
        if value is None:
            raise self.document.fault(f"{self.at(name)} is missing: it must be a text", self.place)
        if not isinstance(value, str) or (not value and default is None):
            if isinstance(value, bool | int | float):
                raise self.document.unquoted(self.at(name), value)
            raise self.fault(name, "it must be a text that is not empty")
        return value

    def as_written(self, name: str) -> str:
        """A text that is not empty, which may look like a number or like true or false; it must be there."""
        value = self.value.get(name)
        written = self.document.written(self.at(name)) if isinstance(value, bool | int | float) else None
        return written or self.text(name)

    def number(self, name: str, default: float | None = None, *, least: float = 0.0, above: bool = False) -> float:
        """A number of at least `least`, or above it."""
        value = self.value.get(name, default)
        if value is None:
            raise self.document.fault(f"{self.at(name)} is missing: it must be a number", self.place)
        limit = f"above {least:g}" if above else f"{least:g} or above"
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fault(name, f"it must be a number, {limit}")
        if value < least or (above and value == least):
            raise self.fault(name, f"it must be {limit}")
        return value

    def whole(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = self.number(name, default, least=least)
        if value != int(value):
            raise self.fault(name, "it must be a whole number")
        return int(value)

    def share(self, name: str, default: float | None = None) -> float:
        """From 0 to 1, written `0.01` or `1%`; without a default it must be there."""
        value = self.value.get(name, default)
        if value is None:
            raise self.document.fault(f"{self.at(name)} is missing: it must be a share such as 1% or 0.01", self.place)
        if isinstance(value, str) and value.endswith("%"):
            try:
                value = float(value.removesuffix("%")) / 100
            except ValueError:
                raise self.fault(name, "it must be a share such as 1% or 0.01") from None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.fault(name, "it must be a share from 0 to 1, such as 1% or 0.01")
        return float(value)

    def duration(self, name: str, default: float | None = None) -> float:
        """Seconds of `90s`, `1h30m`; without a default it must be there."""
        value = self.value.get(name)
        if value is None:
            if default is None:
                raise self.document.fault(f"{self.at(name)} is missing: it must be a duration such as 90s or 5m", self.place)
            return default
        try:
            return parse_duration(str(value))
        except ValueError as error:
            raise self.fault(name, str(error)) from error

    def items(self, name: str, *, needed: bool = False) -> list[Any]:
        """A list; empty if it is not there."""
        value = self.value.get(name)
        if value is None:
            if needed:
                raise self.document.fault(f"{self.at(name)} is missing: it must be a list", self.place)
            return []
        if not isinstance(value, list):
            raise self.fault(name, "it must be a list")
        return value

    def maps(self, name: str, *, needed: bool = False) -> "list[Fields]":
        """A list of maps."""
        found = self.items(name, needed=needed)
        return [Fields(self.document, each, f"{self.at(name)}[{number}]") for number, each in enumerate(found)]

    def map(self, name: str) -> "Fields":
        """A map; empty if it is not there."""
        value = self.value.get(name)
        return Fields(self.document, {} if value is None else value, self.at(name))
