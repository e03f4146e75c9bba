"""The pages of the documentation, and what they say in code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from .markdown import without_fences

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))
OTHERS = (
    ROOT / "CODE_OF_CONDUCT.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "examples" / "README.md",
    ROOT / "examples" / "collaboration" / "README.md",
    ROOT / "task" / "README.md",
    ROOT / "tests" / "testbed" / "README.md",
    ROOT / "tests" / "testbed" / "real_nodes" / "README.md",
)


def names(paths: tuple[Path, ...]) -> list[str]:
    """The paths from the repository's root, as names of tests."""
    return [str(path.relative_to(ROOT)) for path in paths]


@cache
def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


@cache
def snippets(page: Path) -> tuple[str, ...]:
    """What stands between back quotes, and the lines of fenced blocks: continued lines as one, without shell comments."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE)
    lines = [line for block in fenced for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    spans = re.findall(r"`([^`\n]+)`", without_fences(read(page)))
    return (*(re.sub(r"\s#.*", "", line) for line in lines), *spans)


@cache
def code(page: Path) -> str:
    """All of it as one text."""
    return "\n".join(snippets(page))


def mentions(text: str, word: str) -> bool:
    """True if the word stands there by itself, and not as a part of another."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
