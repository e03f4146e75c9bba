"""`bayplan lint` and `plan` say of a graph that is admitted as a whole that its queue can never hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import run, run_json, write
from tests.unit.docs.pages import ROOT

PAGE = (ROOT / "docs/queues.md").read_text().split("## Whole graphs")[1]
MANIFEST = PAGE.split("```yaml\n")[1].split("```")[0]
NODES = "nodes:\n- {name: n, count: 2, cpu: 64, memory: 64Gi, gpu: 8}\n"
NEVER = "queue vision: nvidia.com/gpu: 9 asked for the whole graph, and the queue may never hold more than 8"


def test_the_manifest_of_the_page_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "-f", write(tmp_path, "g.yaml", MANIFEST)) == (0, "no problems in 1 file\n", "")


def test_lint_says_what_can_never_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "lint", "-f", write(tmp_path, "g.yaml", MANIFEST.replace("shards: 4", "shards: 7")))
    assert (code, out) == (0, "no problems in 1 file\n")
    assert err == f"bayplan: graph default/train has admission Graph, and can never start: {NEVER}\n"


def test_a_plan_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes, graph = write(tmp_path, "n.yaml", NODES), write(tmp_path, "g.yaml", MANIFEST.replace("shards: 4", "shards: 7"))
    _, out, _ = run(capsys, "plan", "-f", graph, "--nodes", nodes)
    assert NEVER in " ".join(out.split())


def test_two_such_graphs_go_one_after_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes, first = write(tmp_path, "n.yaml", NODES), write(tmp_path, "g.yaml", MANIFEST)
    second = write(tmp_path, "h.yaml", MANIFEST.split("---\n")[1].replace("name: train", "name: other"))
    found = run_json(capsys, "simulate", "-f", first, "-f", second, "--nodes", nodes)["graphs"]
    assert [(each["name"], each["started"], each["ended"]) for each in found] == [
        ("default/train", 0.0, 120.0),
        ("default/other", 120.0, 240.0),
    ]
