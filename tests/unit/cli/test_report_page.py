"""`bayplan report`, as far as no browser is needed (tests/browser has the rest)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bayplan_operator.cli.page import html
from bayplan_operator.views.model.simulation import Simulation
from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write

MADE = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)


def page(run: dict[str, Any]) -> str:
    return html(msgspec.convert(run, Simulation), MADE)


def test_from_a_file_and_at_once_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES), "--failures", "attempts=30%")
    source = tmp_path / "run.json"
    source.write_text(json.dumps(run_json(capsys, "simulate", *work)))
    assert run(capsys, "report", source, "--out", tmp_path / "a.html")[0] == 0
    assert run(capsys, "report", *work, "--out", tmp_path / "b.html")[0] == 0
    texts = [(tmp_path / each).read_text() for each in ("a.html", "b.html")]
    without_origin = [re.sub(r'<dl class="run">.*?</dl>', "", each, flags=re.DOTALL) for each in texts]
    assert without_origin[0] == without_origin[1] != texts[1]
    assert texts[0].startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in texts[0]


def test_the_head_says_where_it_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = write(tmp_path, "g & h.yaml", GRAPH), write(tmp_path, "n.yaml", NODES)
    made = run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--learn", "--failures", "attempts=1%")
    origin = made["origin"]
    assert origin["command"] == f"bayplan simulate -f '{graph}' --nodes {nodes} --learn --failures attempts=1% -o json"
    assert origin["inputs"] == [str(graph), str(nodes)]
    assert origin["version"] == version("bayplan")
    found = page(made)
    head = found.partition("</header>")[0]
    assert "<title>Simulation of team/sample</title>" in found
    assert f"<dd><code>{escape(origin['command'])}</code></dd>" in head
    assert f"<dd>{escape(str(graph))}, {nodes}</dd>" in head
    assert "<dd>1 graph on 4 nodes, policy default, seed 0; makespan " in head
    assert f"<dd>Bayplan {version('bayplan')}</dd>" in head
    assert '<time datetime="2030-01-02T03:04:00+00:00">2030-01-02 03:04 UTC</time>' in head
    old = {name: value for name, value in made.items() if name != "origin"}
    assert "<dd><code>unknown</code></dd>" in page(old), "a file of an earlier version"


def test_all_names_are_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node, task = "gke-research-europe-west4-a100-80gb-spot-pool-3f2c", "fetch-the-recordings-of-last-week-from-the-archive"
    graph = write(tmp_path, "g.yaml", GRAPH.replace("load", task))
    nodes = write(tmp_path, "n.yaml", NODES.replace("name: fast", f"name: {node}"))
    found = page(run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--policy", "RoundRobin"))
    assert f">{node}-0</text>" in found
    assert "textLength" not in found, "nor squeezed: there is room"
    assert f">{task}</text>" in found
    assert "…" not in found.partition('id="tables"')[0]


def test_the_time_axis_of_a_short_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "g.yaml", GRAPH.replace("10s", "10ms").replace("20s", "20ms").replace(": 5s", ": 5ms"))
    found = page(run_json(capsys, "simulate", "-f", graph, "--nodes", write(tmp_path, "n.yaml", NODES)))
    marks = re.findall(r'class="tick"[^>]*>([^<]*)<', found)
    assert {"10ms", "20ms", "30ms", "time since the first graph was submitted"} <= set(marks)


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


def test_what_has_been_simulated_takes_no_nodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--nodes", "--policy"):
        code, _, err = run(capsys, "report", "run.json", flag, "x", "--out", tmp_path / "page.html")
        assert code == 2
        assert "what FROM.json holds has been simulated: leave --nodes and --policy away" in err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", NODES))
    code, _, err = run(capsys, "report", *work, "--out", tmp_path / "none" / "page.html")
    assert (code, err) == (2, f"bayplan: {tmp_path}/none/page.html: it cannot be written: No such file or directory\n")
