"""What is wrong in files: all of it is gathered, and told in the order of the files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

_Value = TypeVar("_Value")
STDIN = Path("-")
MOST = 20
"""Findings of a file that are told one by one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    sentence: str
    path: Path | None = None
    """None: the sentence itself says where."""
    line: int | None = None
    """From 1."""
    column: int | None = None
    """From 1, in characters."""
    place: str = ""
    """Path of the field in its document, such as `spec.tasks[3].name`."""

    def __str__(self) -> str:
        if self.path is None:
            return self.sentence
        return name(self.path) + (f", line {self.line}" if self.line else "") + f": {self.sentence}"


class InputError(ValueError):
    """Something in a file cannot be read. The message has a line per problem, which begins with the file and the place."""

    def __init__(self, *said: "str | Finding") -> None:
        self.findings = tuple(Finding(each) if isinstance(each, str) else each for each in said)
        super().__init__("\n".join(lines(self.findings, str)))


class Findings:
    """Gathers what is wrong, so that a reader can go on behind it."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}
        self._files: dict[Path | None, int] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def begin(self, path: Path | None) -> None:
        """What is wrong in this file comes behind that of the files before."""
        self._files.setdefault(path, len(self._files))

    def add(self, error: InputError) -> None:
        """Each problem counts once."""
        for each in error.findings:
            self.begin(each.path)
            self._found[each] = None

    def take(self, others: "Findings") -> None:
        """What was found elsewhere comes behind what is known."""
        for path in others._files:
            self.begin(path)
        self._found.update(others._found)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """What is wrong inside is taken down."""
        try:
            yield
        except InputError as error:
            self.add(error)

    def attempt(self, read: Callable[[], _Value], otherwise: _Value) -> _Value:
        """What `read` answers; what is wrong is taken down."""
        with self.gathered():
            return read()
        return otherwise

    def in_order(self) -> list[Finding]:
        """File by file as they were read, and in a file from its first line to its last."""
        return sorted(self._found, key=lambda each: (self._files[each.path], each.line or 0, each.column or 0))

    def told(self) -> None:
        """Raises `InputError` if anything was wrong."""
        if self._found:
            raise InputError(*self.in_order())


def lines(findings: Sequence[Finding], line: Callable[[Finding], str]) -> Iterator[str]:
    """One per problem, up to 20 of a file, and how many more it has. `findings` are in the order of their files."""
    for path, found in groupby(findings, key=lambda each: each.path):
        of_file = list(found)
        yield from map(line, of_file[:MOST])
        if len(of_file) > MOST:
            yield (f"{name(path)}: " if path is not None else "") + f"and {len(of_file) - MOST} more"


def name(path: Path) -> str:
    """A file's name in messages."""
    return "standard input" if path == STDIN else str(path)


def all_of(errors: Iterable[InputError]) -> InputError | None:
    """Several as one; None: there are none."""
    findings = [finding for error in errors for finding in error.findings]
    return InputError(*findings) if findings else None
