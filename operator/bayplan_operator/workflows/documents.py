"""The documents of YAML and JSON files, with the place of everything in them."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from bayplan_operator.workflows.files import places, syntax, text_faults
from bayplan_operator.workflows.files.encoding import EncodingError, text_of
from bayplan_operator.workflows.files.findings import STDIN, Finding, Findings, InputError, name
from bayplan_operator.workflows.files.foreign import FORMATS, foreign

__all__ = ["FORMATS", "STDIN", "SUFFIXES", "Document", "Findings", "InputError", "documents", "files", "name"]

SUFFIXES = (".yaml", ".yml", ".json")


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
        mark = places.mark(self.text, self.number, self._whole(place))
        line, column = (mark.line, mark.column) if mark is not None else (None, None)
        return InputError(Finding(sentence, self.path, line, column, self._whole(place)))

    def written(self, place: str) -> str | None:
        """The scalar at the place as it stands in the file, such as `yes` where the value is true; None: there is none."""
        return places.written(self.text, self.number, self._whole(place))

    def unquoted(self, place: str, value: object) -> InputError:
        """A string must stand at the place; what is written there is none, but would be one in quotes."""
        written = self.written(place)
        text = str(value) if written is None else written
        kind = "true or false" if isinstance(value, bool) else "a number"
        return self.fault(f'{place} is {text}, which is read as {kind}: it must be a string, in quotes: "{text}"', place)

    def part(self, value: Any, place: str) -> "Document":
        """A part that is read by itself."""
        return Document(self.path, value, self.text, self.number, self._whole(place))

    def _whole(self, place: str) -> str:
        return ".".join(filter(None, (self.prefix, place)))


def files(path: Path, *, recursive: bool = False) -> list[Path]:
    """The file; of a folder, all files in it that may hold documents, by name; `recursive`: those of its folders too.

    Raises `InputError`.
    """
    if path == STDIN or (path.exists() and not path.is_dir()):  # a pipe is no regular file
        return [path]
    if not path.is_dir():
        raise InputError(Finding("there is no such file or folder", path))
    below = path.rglob("*") if recursive else path.iterdir()
    found = sorted(each for each in below if each.suffix in SUFFIXES and each.is_file())
    if not found:
        raise InputError(Finding(f"the folder holds no file that ends in {', '.join(SUFFIXES)}", path))
    return found


def documents(path: Path, findings: Findings | None = None) -> Iterator[Document]:
    """What the file holds; a Kubernetes List counts as its items, and an empty document as nothing.

    What is wrong goes to `findings`, and what can be read in spite of it is read; without it, raises `InputError`.
    """
    own = Findings()
    own.begin(path)
    found = list(_documents(path, own))
    if findings is None:
        own.told()
    else:
        findings.take(own)
    yield from found


def _documents(path: Path, findings: Findings) -> Iterator[Document]:
    with findings.gathered():
        text = _text(path)
        found = False
        for number, value in _values(path, text, findings):
            if value is not None:
                found = True
                yield from _items(Document(path, value, text, number), findings)
        if not found and not findings:
            raise InputError(Finding("the file is empty", path))


def _items(document: Document, findings: Findings) -> Iterator[Document]:
    value = document.value
    if not isinstance(value, dict):
        wrong = f"this is {_what(value)}: it must be an object, a map with kind and metadata; {FORMATS}"
        findings.add(document.fault(foreign(document.path, document.text) or wrong))
        return
    if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items", ""), list | NoneType):
        kind = str(value["kind"]).removesuffix("List")
        for position, item in enumerate(value["items"] or ()):
            if not isinstance(item, dict):
                wrong = f"items[{position}] is {_what(item)}: it must be an object"
                findings.add(document.fault(wrong, f"items[{position}]"))
                continue
            # The API server leaves the kind out of the items of a typed list.
            given = {"apiVersion": value.get("apiVersion"), "kind": kind} if kind else {}
            yield document.part({**given, **item}, f"items[{position}]")
    else:
        yield document


def _text(path: Path) -> str:
    try:
        return text_of(sys.stdin.buffer.read() if path == STDIN else path.read_bytes())
    except EncodingError as error:
        raise InputError(Finding(str(error), path)) from error
    except OSError as error:
        raise InputError(Finding(f"it cannot be read: {error.strerror}", path)) from error


def _values(path: Path, text: str, findings: Findings) -> Iterator[tuple[int, Any]]:
    """Numbers and values of the documents, up to where the text breaks."""
    try:
        if path.suffix == ".json" or text.lstrip().startswith("{"):
            try:
                yield 0, _json_value(path, text, findings)
                return
            except syntax.SyntaxFault:
                if path.suffix == ".json":
                    raise
        for number, (node, made) in enumerate(syntax.yaml_documents(text)):
            if _take_faults(path, node, findings):
                yield number, made()
    except syntax.SyntaxFault as error:
        findings.add(InputError(Finding(foreign(path, text) or str(error), path, error.line, error.column)))


def _json_value(path: Path, text: str, findings: Findings) -> Any:
    value, twice = syntax.json_value(text)
    root = next(syntax.nodes_of(text), None) if twice else None
    if root is not None:
        _take_faults(path, root, findings)
    elif twice:
        findings.add(InputError(*(Finding(f'the key "{key}" is given twice in one object', path) for key in twice)))
    return value


def _take_faults(path: Path, root: Any, findings: Findings) -> bool:
    """Whether an object can be made of the document all the same."""
    readable = True
    for fault in text_faults.faults(root):
        findings.add(InputError(Finding(fault.sentence, path, fault.mark.line, fault.mark.column, fault.place)))
        readable = readable and not fault.fatal
    return readable


def _what(value: object) -> str:
    kinds = {str: "a text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "no map")
