"""`bayplan report`, as far as no browser is needed (tests/browser has the rest)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write


def test_from_a_file_and_at_once_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES), "--failures", "attempts=30%")
    source = tmp_path / "run.json"
    source.write_text(json.dumps(run_json(capsys, "simulate", *work)))
    assert run(capsys, "report", source, "--out", tmp_path / "a.html")[0] == 0
    assert run(capsys, "report", *work, "--out", tmp_path / "b.html")[0] == 0
    page = (tmp_path / "a.html").read_text()
    assert page == (tmp_path / "b.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "this is not JSON: "),
        ('{"a": 1}', "this is not what bayplan simulate -o json prints: Object missing required field `format`"),
        ('{"format": "bayplan.dev/comparison-v1"}', "this is not what bayplan simulate -o json prints: Invalid enum value"),
    ],
)
def test_a_file_that_is_no_simulation(text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path, "run.json", text)
    code, _, err = run(capsys, "report", source, "--out", tmp_path / "page.html")
    assert code == 2
    assert err.startswith(f"bayplan: {source}: {sentence}")


def test_one_source_and_one_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["run.json", "-f", "g.yaml"]):
        code, _, err = run(capsys, "report", *arguments, "--out", tmp_path / "page.html")
        assert code == 2
        assert "name either FROM.json, or what to simulate with -f" in err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES))
    code, _, err = run(capsys, "report", *work, "--out", tmp_path / "none" / "page.html")
    assert (code, err) == (2, f"bayplan: {tmp_path}/none/page.html: it cannot be written: No such file or directory\n")
