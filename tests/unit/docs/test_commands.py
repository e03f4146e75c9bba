"""The pages and the commands name the same flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from .commands import flags
from .pages import OTHERS, PAGES, ROOT, code, mentions, names, snippets

FOREIGN = {
    "--server-side", "--watch",  # kubectl
    "--no-hooks", "--set", "--wait",  # helm
    "--node-monitor-grace-period",  # kube-controller-manager
}  # fmt: skip
"""Flags of other programs that pages name by themselves, without a command before them."""
HISTORY = ROOT / "CHANGELOG.md"
"""It may name what has gone since."""
_FLAG = r"(?<![\w-])-(?:-[a-z][\w-]*|[a-zA-Z](?=\s|$))"


def test_the_help_is_read() -> None:
    known = flags()
    assert {"operator", "release", "show", "plan", "simulate", "compare", "report"} <= set(known)
    assert {"--file", "-f", "--nodes", "--policy"} <= known["plan"]
    assert known["release"] - known["version"] == {"--all-namespaces", "-A", "--namespace", "-n", "--lease-namespace"}


@pytest.mark.parametrize("command", flags())
def test_every_flag_is_explained(command: str) -> None:
    """On a page that speaks of the command."""
    name = f"bayplan {command}".strip()
    pages = [text for text in map(code, PAGES) if mentions(text, name)]
    assert pages, name
    wanted = [flag for flag in flags()[command] if flag.startswith("--")]
    assert [flag for flag in wanted if not any(mentions(text, flag) for text in pages)] == []


@cache
def flags_of_scripts() -> frozenset[str]:
    """The flags of the benchmarks, the examples and the testbed: what their sources declare."""
    sources = [path for folder in ("bench", "examples", "tests/testbed") for path in (ROOT / folder).rglob("*.py")]
    return frozenset(flag for path in sources for flag in re.findall(r'"(--[a-z][\w-]*)"', path.read_text(encoding="utf-8")))


def unknown(snippet: str) -> Iterator[str]:
    """Flags in a line or a span that the command in it, or none at all, has."""
    used = re.findall(_FLAG, snippet)
    command = re.match(r"(?:\$ )?(?:\.venv/bin/|kubectl )?bayplan(?: ([a-z]+))?(?= |$)", snippet)
    if command:
        name = command[1] or ""
        yield from (f"bayplan {name} {flag}" for flag in used if flag not in flags().get(name, ()) and flag != "--help")
    elif re.search(r"python -m (?:bench|examples|tests\.testbed)\b", snippet):
        yield from (flag for flag in used if flag.startswith("--") and flag not in flags_of_scripts())
    elif snippet.startswith("--"):
        ours = frozenset().union(*flags().values()) | flags_of_scripts() | FOREIGN
        yield from (flag for flag in used if flag not in ours)


@pytest.mark.parametrize("name", names(PAGES + OTHERS))
def test_no_flag_is_named_that_no_command_has(name: str) -> None:
    page = ROOT / name
    assert page == HISTORY or [flag for snippet in snippets(page) for flag in unknown(snippet)] == []


@pytest.mark.parametrize(
    ("snippet", "flag"),
    [
        ("bayplan plan -f graph.yaml --nodse nodes.yaml", "bayplan plan --nodse"),
        ("kubectl bayplan show train --seed 1", "bayplan show --seed"),
        ("bayplan plan -q", "bayplan plan -q"),
        (".venv/bin/python -m bench.dag --dta DIR", "--dta"),
        ("--rejection-memry 5", "--rejection-memry"),
        ("bayplan paln --file graph.yaml", "bayplan paln --file"),
    ],
)
def test_a_flag_that_does_not_exist_is_seen(snippet: str, flag: str) -> None:
    assert list(unknown(snippet)) == [flag]


@pytest.mark.parametrize(
    "snippet", ["kubectl get tg --nodse", "bayplan plan -f a-b.yaml --nodes c --speeds a=2", "bayplan --help"]
)
def test_flags_that_exist_and_those_of_other_programs_are_let_through(snippet: str) -> None:
    assert list(unknown(snippet)) == []
