"""What YAML and JSON allow in a text, and no object can hold: a key that is there twice, a key that is no string, rings."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from bayplan_operator.workflows.files import scalars
from bayplan_operator.workflows.files.places import Mark, position
from bayplan_operator.workflows.files.syntax import key_of

_LARGEST = 5_000_000
"""Values in a document, each as often as aliases repeat it."""
_KINDS = {scalars.BOOL: "true or false", scalars.NULL: "null", scalars.FLOAT: "a number", scalars.INT: "a number"}


class TextFault(NamedTuple):
    """What is wrong with the text of a document."""

    place: str
    sentence: str
    mark: Mark
    fatal: bool = False
    """No object can be made of the document."""


def faults(root: Any) -> Iterator[TextFault]:
    """Of one document, in its order."""
    look = _Look()
    try:
        yield from look.at(root, "")
    except RecursionError:
        yield TextFault("", "the document is nested too deep", position(root), fatal=True)
    if look.sizes.get(id(root), 0) > _LARGEST:
        wrong = f"with its aliases the document has more than {_LARGEST:,} values: write less of it by aliases"
        yield TextFault("", wrong, position(root), fatal=True)


class _Look:
    """Looks at each node once, however many aliases name it."""

    def __init__(self) -> None:
        self.sizes: dict[int, int] = {}
        self._above: set[int] = set()

    def at(self, node: Any, place: str) -> Iterator[TextFault]:
        if id(node) in self.sizes:
            return
        if id(node) in self._above:
            wrong = f"{place} is an alias of what it stands in: an object cannot contain itself"
            yield TextFault(place, wrong, position(node), fatal=True)
            return
        self._above.add(id(node))
        below: list[Any] = []
        if isinstance(node, yaml.MappingNode):
            yield from _keys(node, place)
            for key, value in node.value:
                below.append(value)
                yield from self.at(value, f"{place}.{key_of(key)}" if place else key_of(key))
        elif isinstance(node, yaml.SequenceNode):
            below = node.value
            for number, item in enumerate(node.value):
                yield from self.at(item, f"{place}[{number}]")
        self.sizes[id(node)] = 1 + sum(self.sizes.get(id(each), 0) for each in below)


def _keys(node: yaml.MappingNode, place: str) -> Iterator[TextFault]:
    first: dict[str, Mark] = {}
    for key, _ in node.value:
        at = position(key)
        if not isinstance(key, yaml.ScalarNode):
            wrong = f"a key in {place or 'the document'} is a list or a map: it must be text{_helm(key)}"
            yield TextFault(place, wrong, at, fatal=True)
            continue
        where = f"{place}.{key.value}" if place else key.value
        unclear = _unclear(key)
        if unclear is not None:
            yield TextFault(where, f"the key {key.value or 'null'} in {place or 'the document'} is {unclear}", at)
        before = first.setdefault(key.value, at)
        if before is not at:
            there = f"in line {before.line}" if before.line != at.line else f"in column {before.column} of the same line"
            yield TextFault(where, f"{where} is given twice, the first time {there}: keep one of the two", at)


def _unclear(key: Any) -> str | None:
    """Why the key would become another one on its way to an API server."""
    tag, text = key.tag, key.value
    if tag not in _KINDS:
        return None
    if tag == scalars.INT and str(scalars.whole(text)) == text:
        return None
    if tag == scalars.FLOAT and repr(scalars.number(text)) == text:
        return None
    return f'read as {_KINDS[tag]}: put it in quotes: "{text}"'


def _helm(key: Any) -> str:
    inner = key.value[0][0] if isinstance(key, yaml.MappingNode) and key.value else None
    helm = isinstance(inner, yaml.MappingNode) or (isinstance(inner, yaml.ScalarNode) and inner.value.startswith("."))
    return ", and what looks like a template of Helm has to go through helm template first" if helm else ""
