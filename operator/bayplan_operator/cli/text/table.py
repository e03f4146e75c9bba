"""Text tables."""

import textwrap
from collections.abc import Callable, Sequence

Paint = Callable[[str, str], str]
"""Text and the name of a style to text for the terminal."""

_GAP = "  "
_NARROWEST = 16
_COLOURS = {"good": "32", "busy": "36", "bad": "31", "wait": "33", "dim": "2", "bold": "1"}
_STYLES = {
    "Succeeded": "good",
    "Running": "busy",
    "Binding": "busy",
    "Ready": "wait",
    "Waiting": "wait",
    "Suspended": "wait",
    "Pending": "dim",
    "Skipped": "dim",
    "Failed": "bad",
    "Failing": "bad",
    "Invalid": "bad",
    "Lost": "bad",
}


def plain(text: str, style: str) -> str:
    """No colour."""
    return text


def coloured(text: str, style: str) -> str:
    """With ANSI colours."""
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if style in _COLOURS and text else text


def style_of(state: str) -> str:
    """The style of a state's word."""
    return _STYLES.get(state.partition(" ")[0], "")


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int, paint: Paint, state: int | None = None
) -> list[str]:
    """Lines of a table whose last column is wrapped to `width`; column number `state` is painted as the state it names."""
    *fixed, _ = header
    widths = [max(len(header[column]), *(len(row[column]) for row in rows)) if rows else len(header[column])
              for column in range(len(fixed))]  # fmt: skip
    left = sum(widths) + len(_GAP) * len(widths)
    last = max(_NARROWEST, width - left)
    lines = [paint(_line(header, widths).rstrip(), "bold")]
    for row in rows:
        first, *more = textwrap.wrap(row[-1], last, break_on_hyphens=False) or [""]
        cells = [text.ljust(size) for text, size in zip(row[:-1], widths, strict=True)]
        if state is not None:
            cells[state] = paint(cells[state], style_of(row[state]))
        lines.append(_GAP.join([*cells, first]).rstrip())
        lines += [" " * left + text for text in more]
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join([*(cell.ljust(size) for cell, size in zip(cells[:-1], widths, strict=True)), cells[-1]])
