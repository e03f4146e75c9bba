"""`bayplan lint`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.unit.cli.processes import ROOT, imported_by
from tests.unit.cli.whatif_files import ARGO, GRAPH, NODES, run, wfcommons, write

TYPO = GRAPH.replace("containers:", "container:")
CASES = ROOT / "tests" / "cases"


def test_examples_are_clean(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "lint", "-R", "-f", ROOT / "examples")
    passed_over = "bayplan: 3 files: passed over: Deployment (1), Job (3)\n"  # pods that are placed in the same line
    assert (code, out.splitlines()[0][:11], err) == (0, "no problems", passed_over)


def test_every_kind_of_file_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.yaml", GRAPH)
    write(tmp_path, "b.yaml", ARGO)
    write(tmp_path, "c.json", wfcommons())
    write(tmp_path, "d.yaml", NODES)
    write(tmp_path, "e.yaml", "crashes:\n- {node: fast-0, at: 10s}\n")
    write(tmp_path, "f.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    assert run(capsys, "lint", "-f", tmp_path) == (
        0, "no problems in 6 files\n", f"bayplan: {tmp_path / 'f.yaml'}: passed over: Namespace (1)\n"
    )  # fmt: skip


def test_lines_and_columns_as_editors_read_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "g.yaml", TYPO.replace("shards: 3", "shards: 0").replace("name: load,", "name: load, nmae: x,"))
    code, out, err = run(capsys, "lint", "-f", path)
    assert (code, err) == (2, "")
    assert out.splitlines() == [
        f'{path}:6:21: spec.template.spec.container: there is no such field; did you mean "containers"?',
        f'{path}:8:18: spec.tasks[0].nmae: there is no such field; did you mean "name"?',
        f"{path}:9:46: spec.tasks[1].shards is 0: must be a whole number from 1 to 1000, or Auto",
        "3 problems in 1 file",
    ]


def test_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, right = write(tmp_path, "g.yaml", TYPO), write(tmp_path, "h.yaml", GRAPH)
    code, out, _ = run(capsys, "lint", "-f", path, "-f", right, "-f", tmp_path / "none", "-o", "json")
    found = json.loads(out)
    assert (code, found["files"]) == (2, 2)
    assert found["problems"][0] == {
        "file": str(path), "line": 6, "column": 21, "field": "spec.template.spec.container",
        "message": 'spec.template.spec.container: there is no such field; did you mean "containers"?',
    }  # fmt: skip
    assert found["problems"][-1]["message"] == "there is no such file or folder"
    code, out, _ = run(capsys, "lint", "-f", right, "-o", "json")
    assert (code, json.loads(out)) == (0, {"files": 1, "problems": []})


def test_folders_of_folders_only_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "below").mkdir()
    write(tmp_path, "a.yaml", GRAPH)
    write(tmp_path / "below", "b.yaml", TYPO)
    assert run(capsys, "lint", "-f", tmp_path)[:2] == (0, "no problems in 1 file\n")
    assert run(capsys, "lint", "-f", tmp_path, "-R")[0] == 2


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for text, code in ((GRAPH, 0), (TYPO, 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-16")), encoding="utf-8"))
        found, out, _ = run(capsys, "lint", "-f", "-")
        assert found == code
        assert code == 0 or out.startswith("standard input:6:21: spec.template.spec.container")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{name: sample, namespace: team}", "{namespace: team}", ":3:1: metadata.name is missing: an API server refuses"),
        (
            "deadline: 1m",
            "deadline: 1m\n  policyname: x",
            ':6:3: spec.policyname: there is no such field; did you mean "policyName"?',
        ),
        ("kind: TaskGraph", "kind: TaskGraf", 'kind is "TaskGraf": there is no such kind; did you mean "TaskGraph"?'),
        (
            "kind: TaskGraph",
            "kind: TaskGraph\nkind: TaskGraph",
            ":3:1: kind is given twice, the first time in line 2: keep one",
        ),
    ],
)
def test_what_is_found(old: str, new: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "lint", "-f", write(tmp_path, "g.yaml", GRAPH.replace(old, new)))
    assert code == 2
    assert sentence in out


def test_a_node_with_a_field_that_none_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {allocateable: {cpu: 1}}\n"
    code, out, _ = run(capsys, "lint", "-f", write(tmp_path, "n.yaml", text))
    assert (code, out.splitlines()[0].partition("n.yaml")[2]) == (
        2, ':4:10: status.allocateable: there is no such field; did you mean "allocatable"?'
    )  # fmt: skip


@pytest.mark.parametrize("command", ["plan", "simulate", "compare", "report"])
def test_a_misspelt_field_of_a_template_is_refused_by_every_command(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"compare": ["--policy", "BestFit"], "report": ["--out", str(tmp_path / "a.html")]}.get(command, [])
    path, nodes = write(tmp_path, "g.yaml", TYPO.replace("shards: 3", "shards: 0")), write(tmp_path, "nodes.yaml", NODES)
    code, out, err = run(capsys, command, "-f", path, "--nodes", nodes, *more)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f'bayplan: {path}, line 6: spec.template.spec.container: there is no such field; did you mean "containers"?',
        f"{path}, line 9: spec.tasks[1].shards is 0: must be a whole number from 1 to 1000, or Auto",
    ]


@pytest.mark.parametrize("command", ["plan", "simulate"])
def test_cases_that_are_right(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for graph, nodes, told in (
        ("kwok-node-manifests/graph.yaml", "kwok-node-manifests/nodes.yaml", ""),
        ("utf16-and-bom/graph.yaml", "utf16-and-bom/nodes-utf16le.yaml", ""),
        ("namespace-deleted/graph.yaml", "namespace-deleted/nodes.yaml", "passed over: Namespace (1)\n"),
    ):
        code, _, err = run(capsys, command, "-f", CASES / graph, "--nodes", CASES / nodes, "--policy", "BestFit")
        assert (code, err) == (0, f"bayplan: {CASES / graph}: {told}" if told else "")


def test_no_client_and_no_compiler_is_needed() -> None:
    imported = imported_by("lint", "-f", "examples/minimal.yaml")
    assert imported & {"numba", "kopf", "kubernetes", "aiohttp"} == set()


def test_what_a_file_of_nodes_holds_beside_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"
    nodes = write(tmp_path, "nodes.yaml", other + NODES)
    for command in ("plan", "simulate"):
        code, _, err = run(capsys, command, "-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", nodes, "--policy", "BestFit")
        assert (code, err) == (0, f"bayplan: {nodes}: passed over: Pod (1)\n")
