"""Every benchmark that needs data says where they are: in its --help, and on the page about benchmarks."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bench.sources import SOURCES
from tests.unit.docs.pages import DOCS, code, mentions, read

ROOT = Path(__file__).parents[2]
ASKING = re.compile(r'add_common\(parser, |add_argument\("--(data|pods)", type=Path')
NEEDING = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if ASKING.search(path.read_text(encoding="utf-8")) and
                 path.stem != "options")  # fmt: skip
"""The benchmarks that take files of data; `bench.options` only declares the option for them."""


def test_the_benchmarks_with_data_are_found() -> None:
    assert {"dag", "heft", "packing", "queue", "throughput"} <= set(NEEDING)
    assert "argo" not in NEEDING


@pytest.mark.parametrize("name", NEEDING)
def test_its_help_says_where_its_data_are(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit):
        import_module(f"bench.{name}").main()
    said = capsys.readouterr().out
    told = [each for each in SOURCES.values() if each.url in said and each.licence in said]
    assert told
    (row,) = [line for line in read(DOCS / "benchmarks.md").splitlines() if line.startswith(f"| `bench.{name}`")]
    assert all(f"`{each.name}`" in row for each in told)


@pytest.mark.parametrize("name", SOURCES)
def test_the_page_says_where_they_are(name: str) -> None:
    page = DOCS / "benchmarks.md"
    (row,) = [line for line in read(page).splitlines() if line.startswith(f"| `{name}`")]
    assert SOURCES[name].url in row
    assert mentions(code(page), name)
