"""YAML and JSON files, with the place of everything in them."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = Path("-")
_STEP = re.compile(r"""\["[^"]*"\]|[^.\[\]]+|\[\d+\]""")
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class InputError(ValueError):
    """Something in a file cannot be read; the message is one sentence that begins with the file and the place."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file."""

    path: Path
    value: Any
    text: str
    """Of the whole file."""
    number: int = 0
    """From 0, among the documents of the file."""
    prefix: str = ""
    """Where in the document the value stands, such as `items[2]`."""

    def fault(self, sentence: str, place: str = "") -> InputError:
        """What is wrong. `place`: where in the value, such as `spec.tasks[3].name`; the line in the file is looked up."""
        line = self._line(place)
        where = name(self.path) + (f", line {line}" if line else "")
        return InputError(f"{where}: {sentence}")

    def part(self, value: Any, place: str) -> "Document":
        """A part that is read by itself."""
        return Document(self.path, value, self.text, self.number, ".".join(filter(None, (self.prefix, place))))

    def _line(self, place: str) -> int | None:
        """The line, from 1, of the deepest part of the place that is there."""
        try:
            # Only asked for where something is wrong: a large file takes seconds.
            node = _composed(self.text)[self.number]
        except (yaml.YAMLError, IndexError):
            return None
        for step in _STEP.findall(".".join(filter(None, (self.prefix, place)))):
            below = _below(node, step)
            if below is None:
                break
            node = below
        return None if node is None else int(node.start_mark.line) + 1


@lru_cache(maxsize=1)
def _composed(text: str) -> list[Any]:
    """The nodes of a file's documents; kept, since many sentences may be about one file."""
    return list(yaml.compose_all(text, Loader=_Loader))


def name(path: Path) -> str:
    """Of a file, for people."""
    return "standard input" if path == STDIN else str(path)


def files(path: Path) -> list[Path]:
    """The file; of a folder, all files in it that may hold documents, by name. Raises `InputError`."""
    if path == STDIN or path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder")
    found = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES and each.is_file())
    if not found:
        raise InputError(f"{path}: the folder holds no file that ends in {', '.join(SUFFIXES)}")
    return found


def documents(path: Path) -> Iterator[Document]:
    """What the file holds; a Kubernetes List counts as its items, and an empty document as nothing. Raises `InputError`."""
    text = _text(path)
    found = False
    for number, value in enumerate(_values(path, text)):
        if value is not None:
            found = True
            yield from _items(Document(path, value, text, number))
    if not found:
        raise InputError(f"{name(path)}: the file is empty")


def _items(document: Document) -> Iterator[Document]:
    value = document.value
    if not isinstance(value, dict):
        raise document.fault(f"this is {_what(value)}: it must be an object, a map with kind and metadata")
    items = value.get("items")
    if isinstance(items, list) and str(value.get("kind", "")).endswith("List"):
        kind = str(value["kind"]).removesuffix("List")
        for position, item in enumerate(items):
            if not isinstance(item, dict):
                raise document.fault(f"items[{position}] is {_what(item)}: it must be an object", f"items[{position}]")
            # The API server leaves the kind out of the items of a typed list.
            yield document.part({"kind": kind, **item} if kind else item, f"items[{position}]")
    else:
        yield document


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if path == STDIN else path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name(path)}: this is not text in UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise InputError(f"{name(path)}: it cannot be read: {error.strerror}") from error


def _values(path: Path, text: str) -> list[Any]:
    if path.suffix == ".json":
        try:
            return [json.loads(text)]
        except json.JSONDecodeError as error:
            raise InputError(f"{name(path)}, line {error.lineno}: this is not JSON: {error.msg}") from error
    try:
        return list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{name(path)}{line}: this is not YAML: {problem}") from error
    except (ValueError, RecursionError) as error:  # a date that is none, or nested too deep
        raise InputError(f"{name(path)}: this is not YAML: {error}") from error


def _below(node: Any, step: str) -> Any:
    if step.startswith('["'):
        step = step[2:-2]
    elif step.startswith("["):
        position = int(step[1:-1])
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        return items[position] if position < len(items) else None
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == step), None)


def _what(value: object) -> str:
    kinds = {str: "a text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "no map")
