"""What `bayplan plan` says about shards, and that simulate and compare decide alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write

AUTO = GRAPH.replace("shards: 3, expectedDuration: 20s", "shards: Auto, expectedDuration: 10m, autoShards: {startup: 20s}")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path, "graph.yaml", AUTO), write(tmp_path, "nodes.yaml", NODES)


def test_the_plan_has_the_number_and_says_why(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    (found,) = run_json(capsys, "plan", "-f", graph, "--nodes", nodes)["graphs"]
    assert [(task["name"], task["shards"]) for task in found["tasks"]] == [("load", 1), ("train", 8), ("check", 1)]
    told = {each["task"]: each for each in found["shards"]}
    assert set(told) == {"load", "train"}, "check is shorter than a start-up"
    train = told["train"]
    assert (train["auto"], train["shards"], train["advised"], train["places"]) == (True, 8, 8, 8)
    assert (train["work"], train["startup"], train["serial"]) == (600.0, 20.0, 0.0)
    choices = {each["shards"]: (each["seconds"], each["nodeSeconds"]) for each in train["choices"]}
    assert choices[8] == (95.0, 760.0)
    assert choices[1] == (620.0, 620.0)
    assert choices[4] == (170.0, 680.0)
    assert choices[16] == (2 * 57.5, 16 * 57.5)
    assert train["why"] == "8 shards, 95s: 10m of work, 20s start-up, 8 places; more would not be faster"


def test_the_table_names_what_is_decided_and_what_could_be_better(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    graph, nodes = files
    _, out, _ = run(capsys, "plan", "-f", graph, "--nodes", nodes)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "TASK SHARDS PAY OFF WHY" in lines
    assert "train Auto 8 8 shards, 95s: 10m of work, 20s start-up, 8 places" in lines
    fixed = write(tmp_path, "fixed.yaml", GRAPH.replace("shards: 3, expectedDuration: 20s", "shards: 2, expectedDuration: 5m"))
    _, out, _ = run(capsys, "plan", "-f", fixed, "--nodes", nodes)
    assert "PAY OFF" not in out, "nobody has asked"
    _, out, _ = run(capsys, "plan", "-f", fixed, "--nodes", nodes, "-o", "wide")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert any(line.startswith("train 2 8 8 shards, 79s: 9m50s of work, 5s start-up, 8 places;") for line in lines)
    right = write(tmp_path, "right.yaml", GRAPH.replace("20s", "4s").replace("10s", "4s"))
    _, out, _ = run(capsys, "plan", "-f", right, "--nodes", nodes, "-o", "wide")
    assert "PAY OFF" not in out, "nothing to say"


def test_speeds_count(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    (found,) = run_json(capsys, "plan", "-f", graph, "--nodes", nodes, "--speeds", "fast=4")["graphs"]
    (train,) = [each for each in found["shards"] if each["task"] == "train"]
    assert "8 places (4 of speed 4, 4 of speed 1)" in train["why"]


def test_simulate_and_compare_decide_alike(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    simulated = run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--policy", "BestFit")
    assert [task["shards"] for task in simulated["graphs"][0]["tasks"]] == [1, 8, 1]
    assert simulated["figures"]["makespan"] == 10 + 95 + 5
    compared = run_json(
        capsys, "compare", "-f", graph, "--nodes", nodes, "--policy", "BestFit", "--policy", "Spread", "--seeds", "1,2"
    )
    assert '"mean": 110.0' in str(compared).replace("'", '"')


def test_a_graph_that_cannot_be_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", AUTO.replace("expectedDuration: 10m, ", ""))
    code, _, err = run(capsys, "plan", "-f", graph, "--nodes", write(tmp_path, "nodes.yaml", NODES))
    assert code == 2
    assert err == (
        f'bayplan: {graph}, line 9: spec.tasks[1] ("train") has shards: Auto and no expectedDuration: say how long all of its '
        "work takes in one piece, or give shards as a number\n"
    )
