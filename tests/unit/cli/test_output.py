"""What is printed on a terminal, in a pipe, and for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.cli.options import values
from bayplan_operator.views import units
from tests.unit.cli.processes import ROOT, environment
from tests.unit.cli.whatif_files import GRAPH, NODES, run, write

LONG = GRAPH.replace("load", "load-" + "x" * 50)


@pytest.fixture
def work(tmp_path: Path) -> tuple[str | Path, ...]:
    return "-f", write(tmp_path, "graph.yaml", LONG), "--nodes", write(tmp_path, "nodes.yaml", NODES)


def table(out: str) -> list[str]:
    return out.partition("\n\n")[0].splitlines()


def test_a_terminal_cuts_rows_and_a_pipe_does_not(
    work: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    piped = table(run(capsys, "plan", *work)[1])
    assert max(map(len, piped)) > 60
    assert not any("…" in row for row in piped)
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda self: True)
    shown = table(run(capsys, "plan", *work)[1])
    assert len(shown) == len(piped)
    assert max(map(len, shown)) == 60
    wide = table(run(capsys, "plan", *work, "-o", "wide")[1])
    assert max(map(len, wide)) > max(map(len, piped)), "whole reasons"


def test_colours_are_for_terminals(
    work: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "\x1b[" not in run(capsys, "plan", *work)[1]
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda self: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in run(capsys, "plan", *work)[1]


@pytest.mark.parametrize("command", ["plan", "simulate", "compare"])
def test_json_and_yaml_are_the_same(command: str, work: tuple[str | Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--policy", "BestFit")
    found = json.loads(run(capsys, command, *work, *more, "-o", "json")[1])
    other = yaml.safe_load(run(capsys, command, *work, *more, "-o", "yaml")[1])
    for each in (found, other):
        each.get("origin", {}).pop("command", None)  # it says which of the two was asked for
    assert found == other


def test_each_seed_of_a_comparison(work: tuple[str | Path, ...], capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--policy", "BestFit", "--policy", "Spread", "--seeds", "3,5", "--noise", "20%")
    out = run(capsys, "compare", *work, *flags, "-o", "wide")[1]
    rows = [line.split()[:2] for line in out.partition("Each seed\n")[2].partition("\n\n")[0].splitlines()]
    assert rows == [["SEED", "POLICY"], ["3", "BestFit"], ["3", "Spread"], ["5", "BestFit"], ["5", "Spread"]]
    assert "Each seed" not in run(capsys, "compare", *work, *flags)[1]


@given(st.floats(0, 300 * 86400))
def test_durations_are_read_as_they_are_written(seconds: float) -> None:
    """To the precision of the smaller of two units."""
    precision = 0.1 if seconds < 10 else 1 if seconds < 3600 else 60 if seconds < 2 * 86400 else 3600
    assert abs(values.duration(units.seconds(seconds)) - seconds) <= precision


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1h30m", 5400), ("2d4h", 187_200), ("1.5h", 5400), ("250ms", 0.25), ("0s", 0), ("1d", 86400)],
)
def test_durations_that_are_read(text: str, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "1h 30m", "h", "1.5d", "-5s", "4000d", "٣s", "1..5s", "1e3s"])
def test_durations_that_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        values.duration(text)


def test_kubectl_knows_seconds_without_a_unit() -> None:
    assert (values.request_timeout("5"), values.request_timeout("0"), values.request_timeout("2m")) == (5, 0, 120)


@pytest.mark.parametrize("arguments", [["version", "--client"], ["strategies", "-o", "json"]], ids=["little", "much"])
def test_a_reader_that_closes_the_pipe_is_told_by_its_code(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "bayplan_operator", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(PYTHONUNBUFFERED=""),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
