"""The comparison with Argo Workflows: that both programs get the same graph, and what is made of what the watcher saw."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml

from bayplan_operator.translate.task_graph import prepare
from bayplan_operator.workflows import read_graphs
from bench import argo, engines
from bench.layered import Layered, Shape
from bench.pod_watch import Seen

GRAPH = Layered.draw(Shape(layers=3, width=4, parents=2, seed=7))
CONTROLLER = engines.Controller(Path("workflow-controller"), (), "argoexec:v4", 0.1, 500)


def test_both_get_the_same_graph(tmp_path: Path) -> None:
    """As this project reads a Workflow, and as the operator reads a TaskGraph."""
    path = tmp_path / "workflow.yaml"
    path.write_text(yaml.safe_dump(engines.workflow(GRAPH, "layered")))
    (submission,) = read_graphs([path]).submissions
    ours = {"uid": "u", **engines.task_graph(GRAPH, "layered")["metadata"]}
    graph = prepare({**engines.task_graph(GRAPH, "layered"), "metadata": ours}).graph
    for found in (submission.graph, graph):
        assert {task.name: sorted(task.depends_on) for task in found.tasks} == GRAPH.parents


@pytest.mark.parametrize("manifest", [engines.workflow, engines.task_graph])
def test_a_task_runs_as_long_on_real_nodes_as_on_simulated_ones(manifest: object) -> None:
    spec = manifest(GRAPH, "layered")["spec"]  # type: ignore[operator]
    names = {task["name"]: task.get("template") or task["templateName"] for task in tasks_of(spec)}
    pods = {each["name"]: each.get("template") or each for each in spec["templates"] if "dag" not in each}
    for task, seconds in GRAPH.seconds.items():
        pod = pods[names[task]]
        assert pod["metadata"]["annotations"]["sim.bayplan.dev/seconds"] == str(seconds)
        container = pod["container"] if "container" in pod else pod["spec"]["containers"][0]
        assert container["command"] == ["sleep", str(seconds)]


def tasks_of(spec: dict[str, list[dict[str, object]]]) -> list[dict[str, str]]:
    found = spec.get("tasks") or next(each["dag"]["tasks"] for each in spec["templates"] if "dag" in each)  # type: ignore[index,call-overload]
    return found  # type: ignore[return-value]


def test_a_pod_of_argo_is_that_of_its_task() -> None:
    assert engines.task_of_argo({"annotations": {"workflows.argoproj.io/node-name": "layered.l001-t02"}}) == "l001-t02"


def test_the_controller_is_set_up_as_asked() -> None:
    command = CONTROLLER.command(Path("admin.kubeconfig"))
    assert command[command.index("--qps") + 1] == command[command.index("--burst") + 1] == "500"
    assert command[command.index("--executor-image") + 1] == "argoexec:v4"
    assert CONTROLLER.environment()["DEFAULT_REQUEUE_TIME"] == "0.1s"


@pytest.mark.parametrize(
    ("engine", "before", "after"),
    [
        (engines.argo(CONTROLLER), {"phase": "Running"}, {"phase": "Failed"}),
        (engines.bayplan(), {"startTime": "t"}, {"completionTime": "t"}),
    ],
)
def test_a_graph_is_over_when_its_status_says_so(engine: engines.Engine, before: dict[str, str], after: dict[str, str]) -> None:
    assert [engine.over(status) for status in ({}, before, after)] == [False, False, True]


def two_tasks() -> Layered:
    return Layered({"a": 2, "b": 3}, {"a": [], "b": ["a"]})


def test_the_figures_are_what_the_watcher_saw() -> None:
    seen = Seen(created={"a": 10.5, "b": 14.0}, ended={"a": 13.0, "b": 18.0}, succeeded={"a", "b"})
    found = {metric: value for metric, value, _ in argo.rows(two_tasks(), seen, begin=10.0)}
    assert found["finished"] == found["tasks"] == 2
    assert found["delay_p50"] == pytest.approx(1000.0)
    assert (found["critical_path"], found["makespan"]) == (5.0, 8.0)
    assert math.isclose(found["makespan_over_critical_path"], 1.6)


def test_a_run_that_was_given_up_has_no_makespan() -> None:
    seen = Seen(created={"a": 10.5}, ended={"a": 13.0}, succeeded={"a"})
    found = {metric: value for metric, value, _ in argo.rows(two_tasks(), seen, begin=10.0)}
    assert found["finished"] == 1
    assert "makespan" not in found


def test_the_programs_stand_side_by_side() -> None:
    figures = {"Argo Workflows": [("finished", 1.0, "tasks")], "Bayplan": [("finished", 2.0, "tasks"), ("cpu", 0.5, "s")]}
    lines = argo.table(figures)
    assert lines[0].split() == ["Argo", "Workflows", "Bayplan"]
    assert [line.split() for line in lines[1:]] == [["finished", "1", "2", "tasks"], ["cpu", "-", "0.5", "s"]]
    assert json.loads(json.dumps(argo.flat(figures)))[2] == {"engine": "Bayplan", "metric": "cpu", "value": 0.5, "unit": "s"}
