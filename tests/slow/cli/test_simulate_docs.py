"""docs/simulation.md and the commands say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bayplan_operator.workflows.nodes.short_list import FIELDS
from tests.unit.cli.flags import flags_of
from tests.unit.cli.whatif_files import run

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "flag"), flags_of("plan", "simulate", "compare", "report"))
def test_every_flag_is_explained(command: str, flag: str) -> None:
    assert f"bayplan {command}" in PAGE
    assert re.search(rf"(?<![\w-]){flag}(?![\w-])", PAGE)


def test_every_field_of_the_short_list_is_explained() -> None:
    table = PAGE.partition("## Nodes")[2].partition("## ")[0]
    assert set(FIELDS) == set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))


SHOWN = ("bayplan plan", "bayplan compare", "bayplan simulate -f examples/simulation/jobs.csv")


def commands() -> list[str]:
    """Blocks that hold one command."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [block for block in blocks if block.startswith(SHOWN)]


@pytest.mark.parametrize("command", commands())
def test_the_output_shown_is_what_comes_out(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "130")
    code, out, _ = run(capsys, *shlex.split(command.replace("\\\n", " "))[1:])
    assert code in (0, 3)
    lines = set(out.splitlines())
    shown = PAGE.partition(command)[2].partition("```\n\n```\n")[2].partition("\n```")[0]
    assert shown
    assert [line for line in shown.splitlines() if line and line != "..." and line not in lines] == []


def test_the_examples_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    folder = ROOT / "examples" / "simulation"
    work = ("simulate", "-f", folder / "diamond.yaml", "--nodes", folder / "nodes.yaml")
    code, out, err = run(capsys, *work)
    assert (code, err) == (0, "")
    assert "1 graph, 1 succeeded" in out
    code, out, err = run(capsys, *work, "--failures", folder / "failures.yaml")
    assert (code, err) == (0, "")
    assert "1 graph, " in out
