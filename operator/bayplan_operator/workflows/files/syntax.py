"""YAML and JSON as values, as kubectl reads them, and what is wrong with them as text."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from bayplan_operator.workflows.files import scalars

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that JSON may hold and YAML may not, or that YAML takes for the end of a line."""


class SyntaxFault(ValueError):
    """The text cannot be read; the message completes "<file>, line <line>: ..."."""

    def __init__(self, sentence: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(sentence)
        self.line, self.column = line, column


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML with kubectl's scalars; keys are strings, as in JSON."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to say it

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        """Merge keys are followed; of a key that is there twice, the last counts."""
        self.flatten_mapping(node)
        return {key_of(key): self.construct_object(value, deep=deep) for key, value in node.value}


for _tag, _pattern, _first in scalars.RESOLVERS:
    Loader.add_implicit_resolver(_tag, _pattern, _first)
_READ = {scalars.BOOL: scalars.truth, scalars.INT: scalars.whole, scalars.FLOAT: scalars.number, scalars.MERGE: str}
for _tag, _read in _READ.items():
    Loader.add_constructor(_tag, lambda loader, node, read=_read: read(loader.construct_scalar(node)))


def key_of(node: Any) -> str:
    """A key as text: a number as it is written."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def yaml_documents(text: str) -> Iterator[tuple[Any, Any]]:
    """Each document's node and a function that makes its value. Raises `SyntaxFault` where the text breaks."""
    try:
        loader = Loader(text)
        while loader.check_node():
            node = loader.get_node()
            yield node, lambda node=node: _constructed(loader, node)
    except yaml.YAMLError as error:
        raise _fault(error, text) from error
    except RecursionError as error:
        raise SyntaxFault("this is not YAML: it is nested too deep") from error


def _constructed(loader: Any, node: Any) -> Any:
    """Raises `SyntaxFault`."""
    try:
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise _fault(error, "") from error
    except (ValueError, RecursionError) as error:  # a number of too many digits, or nested too deep
        raise SyntaxFault(f"this is not YAML: {error}") from error


def json_value(text: str) -> tuple[Any, list[str]]:
    """The value, and the keys that are there twice in one of its objects. Raises `SyntaxFault`."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            twice.extend(key for key, count in Counter(key for key, _ in found).items() if count > 1)
        return made

    try:
        return json.loads(text, object_pairs_hook=pairs), twice
    except json.JSONDecodeError as error:
        more = ": put several objects into a List" if error.msg == "Extra data" else ""
        raise SyntaxFault(f"this is not JSON: {error.msg}{more}", error.lineno, error.colno) from error
    except RecursionError as error:
        raise SyntaxFault("this is not JSON: it is nested too deep") from error


def nodes_of(text: str) -> Iterator[Any]:
    """The roots of the documents, as far as they can be read; JSON is YAML but for some characters and long keys."""
    plain = _NOT_IN_YAML.sub("?", _SURROGATE.sub(r"\\u0020", text))
    try:
        loader = Loader(plain)
        while loader.check_node():
            yield loader.get_node()
    except (yaml.YAMLError, RecursionError):
        return


def _fault(error: yaml.YAMLError, text: str) -> SyntaxFault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) and text else None
        return SyntaxFault(f"this is not YAML: {problem}", line)
    return SyntaxFault(f"this is not YAML: {problem}", mark.line + 1, mark.column + 1)
