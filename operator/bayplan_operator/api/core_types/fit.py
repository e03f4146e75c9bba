"""Whether an object fits a type: its fields, their types, and those that are required."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..quantity import QuantityError, parse_exact
from ..validation.words import nearest, shown

_MERGED_LISTS = frozenset({"containers", "initContainers"})
"""Their items come together from several templates by name: what one lacks, another may have."""
_SAID_ELSEWHERE = frozenset({"V1ResourceRequirements"})
"""Types of whose unknown fields `validation.resources` has better words."""
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit."""

    place: str
    """Path of the field."""
    sentence: str
    """Begins with the path."""
    unknown: bool = False
    """There is no such field: an older or newer Kubernetes may have it."""
    unquoted: bool | int | float | None = None
    """A string must be here, and what is here would be one in quotes."""


def supported_version() -> str:
    """The newest version of Kubernetes whose fields are known, such as 1.37."""
    return str(_table()["kubernetes"])


def misfits(kind: str, value: object, place: str, *, partly: bool = False) -> Iterator[Misfit]:
    """What in `value`, which stands at `place`, does not fit the type `kind`, such as V1PodSpec.

    null is what is not there. `partly`: the value is laid on another, so that required fields may be missing but in the
    items of lists, which are taken as a whole.
    """
    yield from _of_type(kind, value, place, whole=not partly)


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(files(__package__).joinpath("types.json").read_text(encoding="utf-8"))
    return found


def _of_type(kind: str, value: object, place: str, whole: bool) -> Iterator[Misfit]:
    if value is None:
        return
    if kind.startswith("[]"):
        yield from _list(kind[2:], value, place, whole)
    elif kind.startswith("{}"):
        yield from _map(kind[2:], value, place)
    elif kind in _SCALARS:
        yield from _SCALARS[kind](value, place)
    elif kind != "any":
        yield from _object(kind, value, place, whole)


def _list(kind: str, value: object, place: str, whole: bool) -> Iterator[Misfit]:
    if not isinstance(value, list):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a list")
        return
    whole = whole or place.rpartition(".")[2] not in _MERGED_LISTS
    for position, item in enumerate(value):
        if item is None:
            yield Misfit(f"{place}[{position}]", f"{place}[{position}] is null: an item of a list must have a value")
        yield from _of_type(kind, item, f"{place}[{position}]", whole)


def _map(kind: str, value: object, place: str) -> Iterator[Misfit]:
    if not isinstance(value, Mapping):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a map")
        return
    for key, item in value.items():
        yield from _of_type(kind, item, f"{place}.{key}", True)


def _object(kind: str, value: object, place: str, whole: bool) -> Iterator[Misfit]:
    if not isinstance(value, Mapping):
        yield Misfit(place, f"{place or 'this'} is {shown(value)}: it must be a map")
        return
    known: Mapping[str, Mapping[str, str]] = _table()["types"][kind]
    fields, above = known["fields"], f"{place}." if place else ""
    for key, item in value.items():
        if key in fields:
            yield from _of_type(fields[key], item, f"{above}{key}", whole)
        elif kind not in _SAID_ELSEWHERE:
            advice = nearest(str(key), list(fields), what="fields")
            yield Misfit(f"{above}{key}", f"{above}{key}: there is no such field; {advice}", unknown=True)
    for key in known["required"] if whole else ():
        if value.get(key) is None:
            yield Misfit(place, f"{above}{key} is missing: it is required")


def _string(value: object, place: str) -> Iterator[Misfit]:
    if isinstance(value, bool | int | float):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a string, in quotes: {shown(shown(value))}", unquoted=value)
    elif not isinstance(value, str):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a string")


def _time(value: object, place: str) -> Iterator[Misfit]:
    if not isinstance(value, str) or _RFC_3339.fullmatch(value) is None:
        yield Misfit(place, f"{place} is {shown(value)}: it must be a time such as 2026-01-31T12:00:00Z")


def _integer(value: object, place: str) -> Iterator[Misfit]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a whole number{_unquoted(value, str.isdecimal)}")


def _number(value: object, place: str) -> Iterator[Misfit]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a number")


def _boolean(value: object, place: str) -> Iterator[Misfit]:
    if not isinstance(value, bool):
        advice = _unquoted(value, lambda text: text in ("true", "false"))
        yield Misfit(place, f"{place} is {shown(value)}: it must be true or false{advice}")


def _quantity(value: object, place: str) -> Iterator[Misfit]:
    try:
        negative = parse_exact(value) < 0
    except QuantityError as error:
        yield Misfit(place, f"{place} is {shown(value)}: {error}")
    else:
        if negative:
            yield Misfit(place, f"{place} is {shown(value)}: it must not be negative")


def _number_or_name(value: object, place: str) -> Iterator[Misfit]:
    if isinstance(value, bool) or not isinstance(value, int | str):
        yield Misfit(place, f"{place} is {shown(value)}: it must be a whole number or a string")


def _unquoted(value: object, fine: Callable[[str], bool]) -> str:
    return ", without quotes" if isinstance(value, str) and fine(value) else ""


_SCALARS: Mapping[str, Callable[[object, str], Iterator[Misfit]]] = {
    "string": _string,
    "time": _time,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "quantity": _quantity,
    "integer or string": _number_or_name,
}
