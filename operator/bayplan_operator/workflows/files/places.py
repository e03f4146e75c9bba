"""Where in a text a part of a document stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from bayplan_operator.workflows.files.syntax import nodes_of

_QUOTED = re.compile(r'\["([^"]*)"\]')
"""A key with dots, as a step of a place."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A position, from 1."""

    line: int
    column: int


@lru_cache(maxsize=2)
def _roots(text: str) -> tuple[Any, ...]:
    """Only asked for where something is wrong: a large file takes seconds."""
    return tuple(nodes_of(text))


def mark(text: str, number: int, place: str) -> Mark | None:
    """Line and column of the deepest part of the place that is there, in document `number`. Of a field, its name counts."""
    found = None
    for node, _ in _way(text, number, place):
        found = node
    return None if found is None else position(found)


def written(text: str, number: int, place: str) -> str | None:
    """The scalar at the place, as it is written; None: there is none."""
    way = list(_way(text, number, place, names=False))
    node, left = way[-1] if way else (None, place)
    return str(node.value) if isinstance(node, yaml.ScalarNode) and not left else None


def position(node: Any) -> Mark:
    """Where a node begins."""
    return Mark(int(node.start_mark.line) + 1, int(node.start_mark.column) + 1)


def _way(text: str, number: int, place: str, *, names: bool = True) -> Iterator[tuple[Any, str]]:
    """From the document's root towards the place; with `names`, of each field its name. Beside, what of the place is left."""
    roots = _roots(text)
    if number >= len(roots) or roots[number] is None:
        return
    node = roots[number]
    yield node, place
    while place:
        key, node, place = _step(node, place)
        if node is None:
            return
        yield (key if names and key is not None else node), place


def _step(node: Any, place: str) -> tuple[Any, Any, str]:
    """The name, the value and what of the place is left; no value: there is no such part."""
    if isinstance(node, yaml.SequenceNode) and place.startswith("["):
        digits, _, left = place[1:].partition("]")
        position = int(digits) if digits.isdecimal() else len(node.value)
        return None, (node.value[position] if position < len(node.value) else None), left.removeprefix(".")
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    quoted = _QUOTED.match(place)
    if quoted:
        fitting = [(key, value) for key, value in pairs if key.value == quoted[1]]
        return *(fitting[-1] if fitting else (None, None)), place[quoted.end() :].removeprefix(".")
    # Keys may have dots in them, and a key may be the begin of another.
    fitting = [
        (key, value) for key, value in pairs
        if isinstance(key, yaml.ScalarNode) and place.startswith(key.value) and place[len(key.value) :][:1] in ("", ".", "[")
    ]  # fmt: skip
    if not fitting:
        return None, None, place
    key, value = max(reversed(fitting), key=lambda pair: len(pair[0].value))  # of one that is there twice, the last counts
    return key, value, place[len(key.value) :].removeprefix(".")
