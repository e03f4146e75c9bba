"""Printing."""

import io
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from bayplan_operator.cli.text.table import Paint, coloured, plain

_WIDTH_ELSEWHERE = 120


def width() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size((_WIDTH_ELSEWHERE, 24)).columns


def paint() -> Paint:
    """Colours on a terminal only."""
    return coloured if sys.stdout.isatty() and "NO_COLOR" not in os.environ else plain


def print_json(figures: Any) -> None:
    """To standard output."""
    print(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())


def print_text(text: str) -> None:
    """To standard output, whatever characters that can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    print(text)


def warn(sentences: Iterable[str]) -> None:
    """What was not read, to standard error."""
    for sentence in dict.fromkeys(sentences):
        print(f"bayplan: {sentence}", file=sys.stderr)
