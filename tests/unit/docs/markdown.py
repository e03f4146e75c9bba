"""Tables and lists of a page in Markdown, as GitHub reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ITEM = re.compile(r"( *)([-*+]|\d+[.)]) +(?=\S)")
_SPAN = re.compile(r"`[^`]*`")


@dataclass
class Table:
    """A table: the heading above it, the names of its columns, its rows."""

    heading: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)


def without_fences(text: str) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)


def tables(text: str) -> Iterator[Table]:
    """All tables, from the top."""
    heading, table = "", None
    for line in [*without_fences(text).splitlines(), ""]:
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        if not line.startswith("|"):
            if table is not None:
                yield table
            table = None
        elif table is None:
            table = Table(heading, cells(line))
        elif set(line) - set("|-: "):
            table.rows.append(cells(line))


def cells(line: str) -> list[str]:
    """The cells of a row; a bar within code, or behind a backslash, is none between cells."""
    hidden = _SPAN.sub(lambda span: span[0].replace("|", "\0"), line).replace("\\|", "\0")
    return [cell.strip().replace("\0", "|") for cell in hidden.strip().strip("|").split("|")]


def lists(text: str) -> Iterator[list[str]]:
    """All lists as the texts of their items. A list inside an item is one of its own, and no part of the item's text."""
    open_lists: list[tuple[int, str, list[str]]] = []
    blank = False
    for line in without_fences(text).splitlines():
        indent = len(line) - len(line.lstrip())
        item = _ITEM.match(line)
        if not line.strip():
            blank = True
            continue
        if item:
            kind = item[2][-1]
            while open_lists and (open_lists[-1][0] > indent or (open_lists[-1][0] == indent and open_lists[-1][1] != kind)):
                yield open_lists.pop()[2]
            if not open_lists or open_lists[-1][0] < indent:
                open_lists.append((indent, kind, []))
            open_lists[-1][2].append(line[item.end() :])
        elif open_lists and (indent > open_lists[-1][0] or not blank):
            open_lists[-1][2][-1] += f" {line.strip()}"
        else:
            while open_lists and open_lists[-1][0] >= indent:
                yield open_lists.pop()[2]
        blank = False
    yield from (items for _, _, items in open_lists)


def lead(item: str) -> str:
    """What a list item is about: its words up to the end of its first bold ones, a colon or a full stop."""
    bold = re.match(r"\*\*(.+?)\*\*", item)
    if bold:
        return bold[1].rstrip(".:")
    hidden = _SPAN.sub(lambda span: span[0].replace(".", "\0").replace(":", "\1"), item)
    return re.split(r"[.:](?=\s|$)", hidden, maxsplit=1)[0].replace("\0", ".").replace("\1", ":").strip()
