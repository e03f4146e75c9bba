"""Text tables, and what they are written on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Paint = Callable[[str, str], str]
"""Text and the name of a style to text for the terminal."""

_GAP = "  "
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


@dataclass(frozen=True, slots=True)
class Screen:
    """What text is written on."""

    columns: int = 120
    """Of drawings."""
    cut: bool = False
    """Rows end at the last column: a terminal would wrap them. Elsewhere nothing is lost."""
    wide: bool = False
    """More columns, and nothing shortened or cut."""
    paint: Paint = plain


def style_of(state: str) -> str:
    """The style of a state's word."""
    return _STYLES.get(state.partition(" ")[0], "")


def brief(why: str) -> str:
    """The first clause of a reason: a row of a table has no room for the others."""
    reason, colon, rest = why.partition("; ")[0].partition(" (")[0].partition(": ")
    return reason + colon + rest.partition(": ")[0]


def table(header: Sequence[str], rows: Sequence[Sequence[str]], screen: Screen, state: int | None = None) -> list[str]:
    """A line for the header and one for each row; column number `state` is painted as the state that it names."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [screen.paint(_fitted(_line(header, widths), screen), "bold")]
    for row in rows:
        line = _fitted(_line(row, widths), screen)
        if state is not None:
            begin = sum(widths[:state]) + state * len(_GAP)
            end = begin + widths[state]
            line = line[:begin] + screen.paint(line[begin:end], style_of(row[state])) + line[end:]
        lines.append(line)
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(" ".join(cell.split()).ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()


def _fitted(line: str, screen: Screen) -> str:
    fits = screen.wide or not screen.cut or len(line) <= screen.columns
    return line if fits else line[: max(0, screen.columns - 1)] + "…"
