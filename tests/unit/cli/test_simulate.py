"""`bayplan simulate` on real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import ARGO, GRAPH, NODES, run, run_json, wfcommons, write

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    return write(tmp_path, "nodes.yaml", NODES)


def test_a_folder_of_everything(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "graphs"
    folder.mkdir()
    write(folder, "a.yaml", GRAPH)
    write(folder, "b.yaml", ARGO)
    write(folder, "c.json", wfcommons())
    write(folder, "notes.txt", "not read")
    found = run_json(capsys, "simulate", "-f", folder, "--nodes", nodes, "--every", "30s")
    assert [(graph["name"], graph["submitted"], graph["status"]) for graph in found["graphs"]] == [
        ("team/sample", 0.0, "Succeeded"), ("default/diamond", 30.0, "Succeeded"), ("default/recorded-work", 60.0, "Succeeded"),
    ]  # fmt: skip


def test_argo_is_read_as_it_is_meant(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "simulate", "-f", write(tmp_path, "argo.yaml", ARGO), "--nodes", nodes)
    (graph,) = found["graphs"]
    assert {task["name"]: (task["dependsOn"], task["shards"]) for task in graph["tasks"]} == {
        "a": ([], 1), "b": (["a"], 1), "c": (["a"], 3), "d": (["b", "c"], 1),
    }  # fmt: skip
    long = [attempt for attempt in found["attempts"] if attempt["task"] == "c"]
    assert all(attempt["end"] - attempt["start"] == 90.0 and attempt["node"].startswith("fast-") for attempt in long)
    assert all(len(attempt["gpus"]) == 1 for attempt in long)


def test_recorded_run_times_count(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, "simulate", "-f", write(tmp_path, "wf.json", wfcommons()), "--nodes", nodes)
    assert found["figures"]["makespan"] == 1.5 + 2.5 + 3.5 == found["figures"]["lowerBound"]
    assert found["graphs"][0]["criticalPath"] == ["split_ID01", "work_ID02", "join_ID03"]


def test_the_same_seed_gives_the_same_and_another_seed_does_not(
    tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH)
    luck = ("--noise", "30%", "--failures", "mtbf=1m,repair=20s,attempts=10%", "--delays", "binding=100ms,starting=1s")
    one, again, other = (
        run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, *luck, "--seed", seed) for seed in ("1", "1", "2")
    )
    assert one == again
    assert one["attempts"] != other["attempts"]
    assert one["waiting"]["Binding"] > 0


def test_crashes_from_a_file_lose_what_runs_there(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH)
    crashes = write(tmp_path, "crashes.yaml", "crashes:\n- {node: slow-0, at: 5s, repairedAfter: 10m}\n")
    found = run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--failures", crashes)
    first, second = found["attempts"][:2]
    assert (first["task"], first["node"], first["outcome"]) == ("load", "slow-0", "Lost")
    # 40 s until the node is called not ready, 30 s of the policy's grace.
    assert (second["task"], second["wanted"], second["number"]) == ("load", 75.0, 2)
    assert second["node"] != "slow-0"
    assert found["figures"]["lost"] == 1
    assert found["graphs"][0]["missed"]


def test_the_summary(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "simulate", "-f", EXAMPLES / "wide.yaml", "-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", nodes
    )
    assert (code, err) == (0, "")
    assert "policy default, seed 0: 2 graphs, 2 succeeded; 71 attempts, 0 failed" in out
    assert "Deadlines: 0 of 1 missed" in out
    assert "Cost of the hours in which nodes had something to do: " in out


def test_it_ends_although_nodes_break_for_ever(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH.replace('cpu: "4"', 'cpu: "40"'))
    found = run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--failures", "mtbf=10s,repair=10s")
    assert found["figures"]["unplaced"] == 1
    assert found["attempts"][0]["reason"] == "NoSuchNode"


def test_a_time_limit(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH)
    found = run_json(capsys, "simulate", "-f", graph, "--nodes", nodes, "--until", "15s")
    assert [attempt["outcome"] for attempt in found["attempts"]] == ["Succeeded", "Open", "Open", "Open"]
    assert (found["graphs"][0]["status"], found["graphs"][0]["missed"]) == ("Unfinished", False)


def test_what_argo_says_beyond_that_is_named(tmp_path: Path, nodes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ARGO.replace("{name: B, template: work,", '{name: B, template: work, when: "1 == 1",')
    path = write(tmp_path, "argo.yaml", text)
    code, _, err = run(capsys, "simulate", "-f", path, "--nodes", nodes)
    assert code == 0
    assert err == f"bayplan: {path}, line 11: spec.templates[0].dag.tasks[1].when is not looked at: it is taken to run\n"
