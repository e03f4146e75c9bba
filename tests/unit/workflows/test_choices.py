"""Candidates of simulated graphs, as they are read and told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan_operator.workflows import InputError, read_graphs
from tests.unit.cli.whatif_files import NODES, run, write


def manifest(choose: dict[str, Any], people: int | None = None) -> dict[str, Any]:
    def asks(cpu: str) -> dict[str, Any]:
        return {"template": {"spec": {"containers": [{"resources": {"requests": {"cpu": cpu}}}]}}}

    said = {} if people is None else {"sim.bayplan.dev/message": f'{{"people": {people}}}'}
    detect = {"name": "detect", "template": {"metadata": {"annotations": said}}}
    candidates = [{"name": "small", **asks("1")}, {"name": "large", **asks("8")}]
    answer = {"name": "answer", "dependsOn": [{"task": "detect"}], "candidates": candidates, "choose": choose}
    spec = {"template": {"spec": {"containers": [{"image": "i"}]}}, "tasks": [detect, answer]}
    return {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": {"name": "g"}, "spec": spec}


RULE = {"by": "Rule", "rules": [{"when": "detect.people >= 10", "candidate": "large"}], "default": "small"}


@pytest.mark.parametrize(
    ("choose", "people", "runs"),
    [
        (RULE, 12, ["large"]),
        (RULE, 3, ["small"]),
        (RULE, None, ["small"]),
        ({"by": "Performance", "metric": "accuracy"}, 12, ["small"]),
        ({"by": "Auction", "metric": "accuracy"}, 12, ["small"]),
    ],
)
def test_what_a_simulated_task_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], choose: dict[str, Any], people: int | None, runs: list[str]
) -> None:
    files = write(tmp_path, "g.yaml", yaml.safe_dump(manifest(choose, people))), write(tmp_path, "n.yaml", NODES)
    code, out, err = run(capsys, "plan", "-f", files[0], "--nodes", files[1], "--policy", "BestFit", "--strict", "-o", "json")
    plan = json.loads(out)
    assert (code, err) == (0, "")
    (graph,) = plan["graphs"]
    assert [(each["task"], each["candidate"]) for each in graph["choices"]] == [("answer", name) for name in runs]
    assert [each.get("candidate") for each in plan["attempts"]] == [None, *runs]
    (used,) = (max(each["used"]) for each in plan["usage"] if each["resource"] == "cpu")
    assert used == (8000 if runs == ["large"] else 1000)


def test_what_is_read_of_candidates(tmp_path: Path) -> None:
    (found,) = read_graphs([write(tmp_path, "g.yaml", yaml.safe_dump(manifest(RULE, 3)))]).submissions
    small, large = found.candidates[1].candidates
    assert [dict(each.request_class.resources)["cpu"] for each in (small, large)] == [1000, 8000]
    assert [each.run.task for each in (small, large)] == ["answer--small", "answer--large"]
    assert found.runs[1].task == "answer--large", "the largest stands for the task until one is chosen"
    assert found.endings[0].said(0) == {"people": 3}
    chosen = found.with_candidate(1, 0)
    assert (chosen.runs[1], chosen.classes[1]) == (small.run, small.request_class)


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        ("seconds", "soon", 'seconds is "soon": it must be seconds above 0'),
        ("exit-code", "300", 'exit-code is "300": it must be an exit code from 0 to 255'),
        ("results", "good", "results is 'good': it must be JSON such as"),
    ],
)
def test_what_is_wrong_with_a_candidate_is_said(tmp_path: Path, annotation: str, value: str, words: str) -> None:
    made = manifest(RULE, 3)
    made["spec"]["tasks"][1]["candidates"][0]["template"]["metadata"] = {
        "annotations": {f"sim.bayplan.dev/{annotation}": value}
    }
    with pytest.raises(InputError) as raised:
        read_graphs([write(tmp_path, "g.yaml", yaml.safe_dump(made))])
    assert f"spec.tasks[1].candidates[0].template.metadata.annotations.sim.bayplan.dev/{words}" in str(raised.value)


def test_the_page_says_which_candidate_ran_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write(tmp_path, "g.yaml", yaml.safe_dump(manifest(RULE, 12))), write(tmp_path, "n.yaml", NODES)
    args = ("-f", files[0], "--nodes", files[1], "--policy", "BestFit", "--out", tmp_path / "a.html")
    assert run(capsys, "report", *args)[0] == 0
    page = (tmp_path / "a.html").read_text()
    assert "<title>default/g answer (large), attempt 1: Succeeded" in page
    assert '<table id="candidates">' in page
    assert "<td>large</td><td>–</td><td>small</td><td>detect.people &gt;= 10 holds</td>" in page


def test_the_text_says_which_candidate_ran_and_how_often(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write(tmp_path, "g.yaml", yaml.safe_dump(manifest(RULE, 12))), write(tmp_path, "n.yaml", NODES)
    out = run(capsys, "plan", "-f", files[0], "--nodes", files[1], "--policy", "BestFit", "-o", "wide")[1]
    assert "answer (large)" in out
    assert "answer  large             small   detect.people >= 10 holds" in out
    out = run(capsys, "simulate", "-f", files[0], "--nodes", files[1], "--policy", "BestFit", "--repeat", "3")[1]
    assert "\nCandidates of answer: large 3\n" in out
