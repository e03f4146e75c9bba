"""Candidates of simulated graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan_operator.workflows.graphs import read_graphs


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
    ("choose", "people", "runs", "left_out"),
    [
        (RULE, 12, "answer--large", []),
        (RULE, 3, "answer--small", []),
        (RULE, None, "answer--small", []),
        (
            {"by": "Performance", "metric": "accuracy"},
            12,
            "answer--large",
            [
                "graph default/g: the choice of task answer by Performance is not simulated: "
                "it runs large, its largest candidate"
            ],
        ),
    ],
)
def test_what_a_simulated_task_runs(
    tmp_path: Path, choose: dict[str, Any], people: int | None, runs: str, left_out: list[str]
) -> None:
    file = tmp_path / "g.yaml"
    file.write_text(yaml.safe_dump(manifest(choose, people)))
    work = read_graphs([file])
    (submission,) = work.submissions
    assert submission.runs[1].task == runs
    assert dict(submission.classes[1].resources)["cpu"] == (8000 if runs.endswith("large") else 1000)
    assert work.not_simulated == left_out
