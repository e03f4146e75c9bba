"""The pages: their links, their words, their tables and lists, and the modules that they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.docs.markdown import lead, lists, tables, without_fences
from tests.unit.docs.pages import DOCS, OTHERS, PAGES, ROOT, names, read, snippets

# Hosts and domains that the pages may name; others would be somebody's machine or registry.
HOSTS = {
    "bayplan.dev", "sim.bayplan.dev", "github.com", "doi.org",
    "keepachangelog.com", "semver.org", "nvidia.com", "amd.com", "gpu.intel.com",
    "kubernetes.io", "app.kubernetes.io", "node.kubernetes.io", "events.k8s.io",
}  # fmt: skip
UNWANTED = ("TODO", "FIXME", "TBD", "blazing", "seamless", "cutting-edge", "revolutionary", "world-class", "effortless")
MODULES = {"library": ROOT / "placement" / "bayplan", "operator": ROOT / "operator" / "bayplan_operator"}
"""The packages whose modules docs/architecture.md lists, by a word in the heading of their table."""


# Tables and lists


def doubled(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


@pytest.mark.parametrize("name", names(PAGES + OTHERS))
def test_no_two_rows_of_a_table_begin_alike(name: str) -> None:
    """The first cell says what a row is about: two rows about one thing sooner or later contradict each other."""
    found = [(table.heading, doubled(row[0].strip("*") for row in table.rows)) for table in tables(read(ROOT / name))]
    assert [(heading, cells) for heading, cells in found if cells] == []


@pytest.mark.parametrize("name", names(PAGES + OTHERS))
def test_no_two_items_of_a_list_begin_alike(name: str) -> None:
    assert [cell for items in lists(read(ROOT / name)) for cell in doubled(map(lead, items))] == []


def test_tables_and_lists_are_read_as_they_are_shown() -> None:
    text = """
# First
| a | b |
| --- | --- |
| `x|y` | 1 |
| - | 2 |
```
| x | in a fence |
- in a fence
```
- **One thing.** More.
- two: `a.b: c`
  goes on. And on
  - inner. Words

    - innermost

- `a.b` three

1. a list of its own
"""
    (table,) = tables(text)
    assert (table.heading, table.columns, table.rows) == ("First", ["a", "b"], [["`x|y`", "1"], ["-", "2"]])
    found = [[lead(item) for item in items] for items in lists(text)]
    assert sorted(found) == [["One thing", "two", "`a.b` three"], ["a list of its own"], ["inner"], ["innermost"]]


# Modules


def rooms(package: Path) -> set[str]:
    """The modules and folders at the top of a package, as the tables write them: `engine`, `filters/`."""
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}


def listed(word: str) -> list[str]:
    """What the first cells of the tables of modules name, of the package that the heading names."""
    found = [table for table in tables(read(DOCS / "architecture.md")) if word in table.heading]
    return [name for table in found for row in table.rows for name in re.findall(r"`([^`]+)`", row[0])]


@pytest.mark.parametrize("word", MODULES)
def test_the_tables_of_modules_name_all_rooms_and_no_others(word: str) -> None:
    package, named = MODULES[word], listed(word)
    assert doubled(named) == []
    gone = [name for name in named if not (package / (f"{name}__init__.py" if name.endswith("/") else f"{name}.py")).exists()]
    assert gone == [], "named, but not there"
    assert rooms(package) - set(named) == set(), "there, but not named"


@pytest.mark.parametrize("name", ["architecture.md", "developing.md"])
def test_the_modules_that_are_named_exist(name: str) -> None:
    """By the end of their path: the pages leave away what is clear."""
    wanted = {word for snippet in snippets(DOCS / name) for word in re.findall(r"(?<![\w/*.-])[\w/]+\.py\b", snippet)}
    files = [
        f"/{path.relative_to(ROOT)}"
        for folder in ("placement", "operator", "bench", "tests")
        for path in (ROOT / folder).rglob("*.py")
    ]
    assert [word for word in wanted if not any(file.endswith(f"/{word}") for file in files)] == []


# Links and words


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", without_fences(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", names(PAGES + OTHERS))
def test_relative_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", names(PAGES))
def test_nothing_stands_there_that_should_not(name: str) -> None:
    text = read(ROOT / name)
    assert [word for word in UNWANTED if word.lower() in text.lower()] == []
    assert re.findall(r"(?<![\w.~:/-])/(?!dev/termination-log)[a-z]+/\S*", text) == [], "a path of somebody's machine"
    assert re.findall(r"(?<![\w&])#\d+", text) == [], "a number that says nothing to a reader"
    hosts = set(re.findall(r"(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:com|dev|io|net|org)\b(?!\.\w)", text))
    assert hosts - HOSTS == set()


@pytest.mark.parametrize("name", names(PAGES))
def test_every_page_is_reached_from_the_readme(name: str) -> None:
    page = ROOT / name
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        current = waiting.pop()
        for link in re.findall(r"\]\(([^)#\s]+)", read(current)):
            target = (current.parent / link).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert page in reached
