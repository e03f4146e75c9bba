"""What the commands' own help says of their flags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from functools import cache
from io import StringIO

import pytest

from bayplan_operator.cli import main

_HELP = {"-h", "--help"}


@cache
def flags() -> Mapping[str, frozenset[str]]:
    """The flags of each command, such as `-f` and `--file`, but for those that ask for help; of `bayplan` itself under ``."""
    found = {"": frozenset(_flags(_help()))}
    return found | {command: frozenset(_flags(_help(command))) for command in _commands(_help())}


def _help(*command: str) -> str:
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed, suppress(SystemExit):
        patch.setenv("COLUMNS", "200")  # a wrapped line could begin with a flag that it only speaks of
        main([*command, "--help"])
    return printed.getvalue()


def _columns(text: str) -> Iterator[list[str]]:
    """The lines of a help text, cut where they have two spaces or more; without the frames and marks around them."""
    yield from (re.split(r" {2,}", line.strip(" │|*")) for line in text.splitlines())


def _commands(text: str) -> list[str]:
    """Each stands with one sentence on a line of its own, indented or in a frame."""
    rows = [line for line in text.splitlines() if line.startswith((" ", "│"))]
    return [row[0] for row in _columns("\n".join(rows)) if len(row) == 2 and re.fullmatch(r"[a-z][a-z-]*", row[0])]


def _flags(text: str) -> Iterator[str]:
    """The first columns of a line that begins with a flag; what follows explains it, and may speak of others."""
    for row in _columns(text):
        for column in row:
            if not column.startswith("-"):
                break
            yield from set(re.findall(r"(?<![\w-])-(?:-[a-z][\w-]*|[a-zA-Z])(?![\w-])", column)) - _HELP
