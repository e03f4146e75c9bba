"""Printing."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from bayplan_operator.cli.options.output import Output
from bayplan_operator.cli.text.table import Screen, coloured, plain

_COLUMNS_ELSEWHERE = 120


def screen(form: Output = "text") -> Screen:
    """Colours and cut rows on a terminal only."""
    terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size((_COLUMNS_ELSEWHERE, 24)).columns
    paint = coloured if terminal and "NO_COLOR" not in os.environ else plain
    return Screen(columns, cut=terminal, wide=form == "wide", paint=paint)


def print_figures(figures: Any, form: Output, text: Callable[[Screen], str]) -> None:
    """To standard output: as text, which is made where it is wanted, or as it is for programs."""
    if form == "json":
        print(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())
    elif form == "yaml":
        print(msgspec.yaml.encode(figures).decode(), end="")
    else:
        print_text(text(screen(form)))


def print_text(text: str) -> None:
    """To standard output, whatever characters that can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    print(text)


def warn(sentences: Iterable[str]) -> None:
    """What was not read, to standard error."""
    for sentence in dict.fromkeys(sentences):
        print(f"bayplan: {sentence}", file=sys.stderr)
