"""Hidden load in a file of nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bayplan.simulation import Drawn, Steps
from bayplan_operator.workflows.nodes import read_nodes
from tests.unit.cli.whatif_files import GRAPH, run, run_json, write

NODES = """\
nodes:
- {name: busy, count: 2, cpu: 8, memory: 32Gi, load: LOAD}
- {name: quiet, count: 1, cpu: 32, memory: 32Gi}
"""
BUSY = NODES.replace("LOAD", "{cpu: 60%}")


def test_courses_are_read(tmp_path: Path) -> None:
    load = "{cpu: 60%, memory: 0.25, disk: [{share: 10%}, {at: 5m, share: 0}], network: {from: 10%, to: 30%, every: 90s}}"
    found = read_nodes(write(tmp_path, "nodes.yaml", NODES.replace("LOAD", load)))
    assert [node.name for node in found.nodes] == ["busy-0", "busy-1", "quiet-0"]
    assert set(found.load) == {"busy-0", "busy-1"}
    assert found.load["busy-1"] == {
        "cpu": Steps((0.0,), (0.6,)),
        "memory": Steps((0.0,), (0.25,)),
        "disk": Steps((0.0, 300.0), (0.1, 0.0)),
        "network": Drawn(0.1, 0.3, 90.0),
    }


def test_it_slows_tasks_and_load_aware_policies_go_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "nodes.yaml", BUSY))
    slow = run_json(capsys, "simulate", *files, "--policy", "LeastConnections", "--scrapes", "interval=5s,delay=1s")
    aware = run_json(capsys, "simulate", *files, "--policy", "LoadAware")
    assert aware["figures"]["completion"] == 35.0
    assert slow["figures"]["completion"] > 60.0
    assert {each["node"] for each in aware["attempts"]} == {"quiet-0"}
    assert slow["figures"]["lowerBound"] == aware["figures"]["lowerBound"] == 35.0
    planned = run_json(capsys, "plan", *files, "--policy", "LoadAware")
    assert planned["figures"]["completion"] == 35.0


def test_comparing_shows_what_it_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "nodes.yaml", BUSY))
    policies = ("--policy", "LeastConnections", "--policy", "LoadAware", "--seeds", "1-3", "--noise", "10%")
    code, out, _ = run(capsys, "compare", *files, *policies)
    assert code == 0
    difference = out.partition("Difference")[2]
    assert any("LoadAware" in line and line.split()[1].startswith("-") and "*" in line for line in difference.splitlines())


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        ("{cpu: 160%}", 'nodes[0].load.cpu is "160%": it must be a share from 0 to 1, such as 1% or 0.01'),
        ("{cpu: much%}", 'nodes[0].load.cpu is "much%": it must be a share such as 1% or 0.01'),
        ("{cpu: 1}", "nodes[0].load.cpu: hidden load is 1: it must be a share from 0 to 0.99"),
        ("{cpu: [{at: 2m}]}", "nodes[0].load.cpu[0].share is missing: it must be a share such as 1% or 0.01"),
        ("{cpu: [{at: x, share: 1%}]}", 'nodes[0].load.cpu[0].at is "x": must be a duration such as 90s'),
        ("{cpu: {from: 1%, to: 2%}}", "nodes[0].load.cpu.every is missing: it must be a duration such as 90s or 5m"),
        ("{cpu: {from: 1%, too: 2%, every: 5m}}", "nodes[0].load.cpu.too is unknown"),
        ("5", "nodes[0].load is 5: it must be a map"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], load: str, sentence: str) -> None:
    path = write(tmp_path, "nodes.yaml", NODES.replace("LOAD", load))
    code, _, err = run(capsys, "simulate", "-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", path)
    assert code == 2
    assert err.startswith(f"bayplan: {path}, line 2: {sentence}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("scrapes", "sentence"),
    [
        ("intervall=3s", '--scrapes: "intervall" is unknown: did you mean "interval"?'),
        ("interval=3", '--scrapes: interval: "3" must be a duration'),
        ("interval=0s", "scrapes.interval is 0: it must be seconds above 0"),
    ],
)
def test_scrapes_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], scrapes: str, sentence: str) -> None:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "nodes.yaml", BUSY))
    code, _, err = run(capsys, "compare", *files, "--policy", "LoadAware", "--scrapes", scrapes)
    assert (code, err.startswith(f"bayplan: {sentence}")) == (2, True)
