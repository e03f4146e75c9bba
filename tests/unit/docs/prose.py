"""The sentences of a page: of its paragraphs and list items, and of the cells of its tables that hold more than a phrase."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .markdown import lists, tables, without_fences

_END = re.compile(r"(?<=[.?!])[\"')*_]*\s+(?=[\"'(*_`\[]*[A-Z0-9`‘“])")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|vs|et al|cf|Fig|No)\.(?=\s)")


def plain(markdown: str) -> str:
    """Links as their words, code as one word each, with a capital as it may begin a sentence, without marks of emphasis."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown)
    text = re.sub(r"`[^`]*`", "Code", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return _ABBREVIATION.sub(r"\1", text.replace("**", "").replace("*", ""))


def sentences(markdown: str) -> Iterator[str]:
    """All of them, as plain text."""
    for block in _blocks(markdown):
        for found in _END.split(" ".join(plain(block).split())):
            if words(found):
                yield found


def words(sentence: str) -> list[str]:
    """What is between blanks and has a letter or a digit."""
    return [word for word in sentence.split() if re.search(r"\w", word)]


def _blocks(markdown: str) -> Iterator[str]:
    for items in lists(markdown):
        yield from items
    for table in tables(markdown):
        yield from (cell for row in table.rows for cell in row if re.search(r"[.;:] ", cell))
    yield from re.split(r"\n\s*\n", _prose_only(markdown))


def _prose_only(markdown: str) -> str:
    """Without fences, headings, tables, lists, quotes of formulas and comments."""
    text = re.sub(r"<!--.*?-->", "", without_fences(markdown), flags=re.DOTALL)
    kept, in_list = [], False
    for line in text.splitlines():
        if re.match(r" *([-*+]|\d+[.)]) +\S", line):
            in_list = True
            kept.append("")
        elif not line.strip():
            in_list = False
            kept.append("")
        elif in_list and line.startswith(" "):
            continue
        elif line.startswith(("#", "|", ">")):
            kept.append("")
        else:
            in_list = False
            kept.append(line)
    return "\n".join(kept)
