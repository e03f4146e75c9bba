"""Manifests rebuilt from public reports, through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.whatif_files import run, run_json

CASES = Path(__file__).parents[2] / "cases"
NODES = CASES / "argo-nodes.yaml"

Plan = Callable[[str], dict[str, Any]]


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str]) -> Plan:
    """The plan of a case that is read without a word."""
    return lambda file: run_json(capsys, "plan", "-f", CASES / file, "--nodes", NODES)


def places(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["task"], each["node"]) for each in plan["attempts"]]


@pytest.mark.parametrize(
    ("file", "tasks"),
    [("argo-selectors/wf.yaml", ["extract", "load"]), ("argo-selectors/boundary.yaml", ["measure"])],
)
def test_selectors_of_the_workflow_and_of_the_template_with_the_dag_hold(plan: Plan, file: str, tasks: list[str]) -> None:
    found = plan(file)
    assert places(found) == [(task, "batch-0") for task in tasks]
    assert all("1 of 4 nodes fit" in each["why"] for each in found["attempts"])


def test_what_no_node_has_is_placed_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "plan", "-f", CASES / "argo-selectors/nowhere.yaml", "--nodes", NODES)
    assert "NoSuchNode: 0/4 nodes: 4 do not match nodeSelector pool=does-not-exist" in " ".join(out.split())
    assert err == ""
    assert code in (0, 3)


def test_exit_handlers_and_hooks_of_a_workflow_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    path = CASES / "argo-exit/wf.yaml"
    code, out, err = run(capsys, "plan", "-f", path, "--nodes", NODES)
    assert code == 0
    assert f"bayplan: {path}, line 6: spec.onExit is simulated in part" in err
    assert f"bayplan: {path}, line 7: spec.hooks is not looked at" in err
    assert "work → onexit" in out


def test_template_defaults_hold(plan: Plan) -> None:
    found = plan("argo-defaults/defaults.yaml")
    assert places(found) == [("a", "batch-0"), ("b", "batch-0")]
    first, second = found["attempts"]
    assert second["start"] == first["end"]


def test_patches_and_init_containers_count(plan: Plan) -> None:
    assert places(plan("argo-defaults/patch.yaml")) == [("train", "gpu")]


def test_loops_whose_number_stands_in_the_file(plan: Plan) -> None:
    shards = {task["name"]: task["shards"] for task in plan("argo-loops/sequence.yaml")["graphs"][0]["tasks"]}
    assert shards == {"part": 6, "join": 1}
    shards = {task["name"]: task["shards"] for task in plan("argo-loops/param.yaml")["graphs"][0]["tasks"]}
    assert shards == {"literal": 2, "default": 3}


def test_no_gpu_and_one_by_a_parameter(plan: Plan) -> None:
    assert places(plan("argo-gpus/zero.yaml")) == [("fit", "general-0")]
    assert places(plan("argo-gpus/templated.yaml")) == [("fit", "gpu")]


@pytest.mark.parametrize("command", [["plan"], ["simulate"], ["compare", "--policy", "BestFit"]])
def test_strict_makes_an_error_of_what_is_named(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *command, "--strict", "-f", CASES / "argo-exit/wf.yaml", "--nodes", NODES)
    assert (code, out) == (2, "")
    assert "spec.onExit" in err
    assert "spec.hooks" in err
    assert err.endswith("bayplan: --strict: what is named above is not simulated: take it out of the files, "
                        "or leave --strict out\n")  # fmt: skip
    code, _, err = run(capsys, *command, "--strict", "-f", CASES / "argo-loops/sequence.yaml", "--nodes", NODES)
    assert (code, err) == (0, "")


def test_strict_holds_for_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    given = ("-f", CASES / "argo-exit/wf.yaml", "--nodes", NODES, "--out", page)
    assert run(capsys, "report", "--strict", *given)[0] == 2
    assert not page.exists()
    assert run(capsys, "report", *given)[0] == 0
