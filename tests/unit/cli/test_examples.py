"""The examples are valid, and say to simulated nodes what they say to Bayplan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan.model.gpu import GpuAsk
from bayplan_operator.api.v1alpha1 import Task
from bayplan_operator.translate.pod import Template
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.translate.task_graph import Prepared, prepare

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ("auto-shards", "containers", "data", "driving", "gpu-sharing", "learning", "minimal", "wide")


def _documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text()))


def _graph(name: str) -> dict[str, Any]:
    (graph,) = [document for document in _documents(name) if document["kind"] == "TaskGraph"]
    return graph


def _prepared(name: str) -> Prepared:
    return prepare(_graph(name))


def _with_templates(name: str) -> Iterator[tuple[Task, Template]]:
    prepared = _prepared(name)
    return zip(prepared.spec.tasks, prepared.templates, strict=True)


def test_every_example_is_known_here() -> None:
    assert tuple(sorted(path.stem for path in EXAMPLES.glob("*.yaml"))) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_explained(name: str) -> None:
    text = (EXAMPLES / f"{name}.yaml").read_text()
    assert text.startswith("# ")
    assert _graph(name)["metadata"]["name"] == name
    assert len(_prepared(name).graph.tasks) >= 2
    assert f"`{name}.yaml`" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("name", ["data", "driving", "gpu-sharing", "wide"])
def test_hints_commands_and_simulation_agree(name: str) -> None:
    for task, template in _with_templates(name):
        seconds = template.metadata["annotations"]["sim.bayplan.dev/seconds"]
        assert task.expected_duration == float(seconds), task.name
        assert f"sleep {seconds}" in template.spec["containers"][0]["args"][0], task.name


def test_the_demonstrations_graph_is_short_and_its_failure_is_not_on_the_longest_chain() -> None:
    graph = _prepared("driving").graph
    path = [graph.tasks[task].name for task in graph.critical_path()]
    assert path == ["collect", "preprocess", "object-detection", "aggregate", "decide", "evaluate"]
    assert 18 <= graph.critical_path_length() <= 22


def test_the_shares_are_what_the_drawing_says() -> None:
    asked = {task.name: template.request_class.gpus for task, template in _with_templates("gpu-sharing")}
    assert asked == {
        "index": None,
        "answer": GpuAsk(1, 300, ("A100", "Tesla-T4")),
        "embed": GpuAsk(1, 600),
        "judge": GpuAsk(1, models=("A100",)),
    }
    (policy,) = [each for each in _documents("gpu-sharing") if each["kind"] == "PlacementPolicy"]
    assert compile_policy(policy).spec.preset == "BestFit"


def test_minimal_is_minimal() -> None:
    lines = (EXAMPLES / "minimal.yaml").read_text().splitlines()
    assert len([line for line in lines if not line.startswith("#")]) <= 10
