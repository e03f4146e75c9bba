"""All that is wrong in files is told, in their order, each with file, line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bayplan_operator.workflows import InputError, read_graphs, read_nodes
from bayplan_operator.workflows.failures import read_failures
from tests.unit.cli.whatif_files import wfcommons
from tests.unit.workflows.reading import CASES, GRAPH, NODE, written

WRONG = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata:
  name: wrong
  labels: {on-call: yes}
spec:
  deadline: soon
  template:
    spec:
      nodeSelector: {fast: yes}
      container:
      - {image: i}
  tasks:
  - {name: load, expectedDuration: 10}
  - {name: train, dependson: [], dependsOn: [{task: laod}]}
  - {name: train, dependsOn: [{task: train}]}
  - name: check
    shards: 0
    template: {spec: {containers: [{image: i, command: [sleep, 10], resource: {}}]}}
---
apiVersion: bayplan.dev/v1alpha1
kind: PlacementPolicy
metadata: {name: 1}
spec: {preset: BestFit, preset: Spread, orders: []}
"""


def findings(*paths: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(InputError) as raised:
        read_graphs(paths)
    return [(each.line, each.place) for each in raised.value.findings]


def test_all_of_a_file_in_its_order(tmp_path: Path) -> None:
    assert findings(written(tmp_path, "g.yaml", WRONG)) == [
        (5, "metadata.labels.on-call"), (7, "spec.deadline"), (10, "spec.template.spec.nodeSelector.fast"),
        (11, "spec.template.spec.container"), (14, "spec.tasks[0].expectedDuration"), (15, "spec.tasks[1]"),
        (15, "spec.tasks[1]"), (15, "spec.tasks[1].dependson"), (16, "spec.tasks[2].name"), (18, "spec.tasks[3].shards"),
        (19, "spec.tasks[3].template.spec.containers[0].command[1]"),
        (19, "spec.tasks[3].template.spec.containers[0].resource"), (23, "metadata.name"),
        (24, "spec.preset"), (24, "spec.orders"),
    ]  # fmt: skip


def test_the_sentences_have_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, "g.yaml", WRONG)
    with pytest.raises(InputError) as raised:
        read_graphs([path])
    lines = str(raised.value).splitlines()
    assert len(lines) == 15
    assert all(line.startswith(f"{path}, line ") for line in lines)
    right = 'it must be a string, in quotes: "yes"'
    assert lines[0].endswith(f"metadata.labels.on-call is yes, which is read as true or false: {right}")
    assert f'{path}, line 15: task "train": dependsOn names "laod", which is unknown: did you mean "load"?' in lines
    assert f'{path}, line 15: task "train": dependsOn names the task itself: remove that dependency' in lines


def test_files_in_their_order_and_what_is_right_in_between(tmp_path: Path) -> None:
    first = written(tmp_path, "b.yaml", GRAPH.replace("expectedDuration: 10s", "expectedDuration: x"))
    right = written(tmp_path, "c.yaml", GRAPH)
    last = written(tmp_path, "a.yaml", GRAPH.replace("shards: 3", "shards: 0"))
    with pytest.raises(InputError) as raised:
        read_graphs([first, tmp_path / "none.yaml", right, last])
    assert [(each.path, each.line) for each in raised.value.findings] == [(first, 7), (tmp_path / "none.yaml", None), (last, 8)]
    assert f"{tmp_path / 'none.yaml'}: there is no such file or folder" in str(raised.value)


def test_what_stands_before_the_end_of_the_text_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "g.yaml", GRAPH.replace("shards: 3", "shards: 0") + "---\nkind: [\n")
    with pytest.raises(InputError) as raised:
        read_graphs([path])
    assert [each.line for each in raised.value.findings] == [8, 11]


def test_twenty_of_a_file_are_told_and_how_many_more_there_are(tmp_path: Path) -> None:
    tasks = "".join(f"  - {{name: t{number}, dependsOn: [{{task: none}}]}}\n" for number in range(50))
    paths = [written(tmp_path, name, GRAPH.partition("  - {")[0] + tasks) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(InputError) as raised:
        read_graphs(paths)
    lines = str(raised.value).splitlines()
    assert len(lines) == 42
    assert (lines[20], lines[41]) == (f"{paths[0]}: and 30 more", f"{paths[1]}: and 30 more")
    assert [line.partition(":")[0] for line in lines[:20]] == [f"{paths[0]}, line {number}" for number in range(7, 27)]


def test_a_cycle_is_told_beside_what_else_is_wrong(tmp_path: Path) -> None:
    text = GRAPH.replace("{name: load,", "{name: load, dependsOn: [{task: train}],").replace(
        "{image: i,", "{image: i, imagePullPolcy: x,"
    )
    assert findings(written(tmp_path, "g.yaml", text)) == [
        (5, "spec.template.spec.containers[0].imagePullPolcy"), (7, "spec.tasks[0]")
    ]  # fmt: skip


def test_a_field_of_a_template_is_told_once(tmp_path: Path) -> None:
    """By the model, by validation and by the types of Kubernetes, whose words differ."""
    for right, wrong in (("[{image: i,", "{image: i,"), ('cpu: "4"', "cpu: true"), ("{requests:", "{request: {}, requests:")):
        text = GRAPH.replace(right, wrong)
        text = text.replace("}}}]}}", "}}}}}") if wrong.startswith("{image") else text
        found = findings(written(tmp_path, "g.yaml", text))
        places = [place for _, place in found if place.startswith("spec.template.")]
        assert len(places) == 1, places


@pytest.mark.parametrize("ports", ["7", "[x]", "[~]", "{a: b}"])
def test_a_template_of_the_wrong_shape_hides_nothing_else(ports: str, tmp_path: Path) -> None:
    """What looks into pod specs would break at it, and is not asked."""
    text = GRAPH.replace("{image: i,", f"{{image: i, ports: {ports},").replace("task: load", "task: laod")
    (template, dependency) = findings(written(tmp_path, "g.yaml", text))
    assert template[1].startswith("spec.template.spec.containers[0].ports")
    assert dependency == (8, "spec.tasks[1]")


def test_all_nodes_of_a_short_list_and_all_fields_of_each(tmp_path: Path) -> None:
    text = """\
nodes:
- {name: a, cpus: 1, memory: many, labels: {x: [1]}}
- {count: 0, gpu: -1, costPerHour: x, taints: [{key: k, value: yes, effect: NoSchedule}]}
- 7
- {name: a, cpu: 1}
- {name: a, cpu: 1, cpu: 2}
""" + "---\n" + NODE.replace("cpu: 4", "cpu: x")  # fmt: skip
    with pytest.raises(InputError) as raised:
        read_nodes(written(tmp_path, "n.yaml", text))
    assert [(each.line, each.place) for each in raised.value.findings] == [
        (2, "nodes[0].cpus"), (2, "nodes[0].memory"), (2, "nodes[0].labels.x"), (3, "nodes[1]"), (3, "nodes[1].count"),
        (3, "nodes[1].gpu"), (3, "nodes[1].costPerHour"), (3, "nodes[1].taints[0].value"), (4, "nodes[2]"), (6, "nodes[4]"),
        (6, "nodes[4].cpu"), (12, "status.allocatable.cpu"),
    ]  # fmt: skip


def test_a_short_list_keeps_what_was_written(tmp_path: Path) -> None:
    """It is our own, and goes to no API server."""
    text = "nodes:\n- {name: on, class: 1.50, gpuModel: 4090, labels: {a: yes, b: 0x10, c: null, d: '', e: 2026-01-01}}\n"
    (node,) = read_nodes(written(tmp_path, "n.yaml", text)).nodes
    labels = {"bayplan.dev/node-class": "1.50", "bayplan.dev/gpu-model": "4090", "kubernetes.io/hostname": "on"}
    assert (node.name, node.labels) == ("on", {**labels, "a": "yes", "b": "0x10", "d": "", "e": "2026-01-01"})


def test_all_of_a_file_of_failures(tmp_path: Path) -> None:
    text = "mtbf: x\nrepairs: 1m\nattempts: 200%\nmtbfOfClass: {a: y, b: 1h}\ncrashes:\n- {at: 1m}\n- {node: a, at: z}\n"
    with pytest.raises(InputError) as raised:
        read_failures(written(tmp_path, "f.yaml", text))
    assert [each.place for each in raised.value.findings] == [
        "mtbf", "repairs", "attempts", "mtbfOfClass.a", "crashes[0]", "crashes[1].at"
    ]  # fmt: skip


def test_all_of_a_recorded_workflow(tmp_path: Path) -> None:
    found = wfcommons()
    specification, execution = found["workflow"]["specification"], found["workflow"]["execution"]
    specification["files"] = [{"id": "f", "sizeInBytes": -1}, {"id": "f", "sizeInBytes": 1}]
    specification["tasks"][0] |= {"parents": ["none"], "outputFiles": ["g"]}
    execution["tasks"][1]["runtimeInSeconds"] = "x"
    execution["tasks"][2] |= {"id": "other", "memoryInBytes": -1}
    places = [place for _, place in findings(written(tmp_path, "w.json", json.dumps(found, indent=1)))]
    tasks = "workflow.specification.tasks"
    assert places == [
        f"{tasks}[0].parents[0]", f"{tasks}[0].outputFiles[0]", f"{tasks}[2].id", "workflow.specification.files[0].sizeInBytes",
        "workflow.specification.files[1].id", "workflow.execution.tasks[1].runtimeInSeconds",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["jobs.txt", "jobs.yaml"])
@pytest.mark.parametrize("comments", [True, False])
def test_a_trace_under_another_name_is_told_the_right_one(name: str, comments: bool, tmp_path: Path) -> None:
    text = (CASES / "swf-trace/jobs.swf").read_text()
    lines = [line for line in text.splitlines(keepends=True) if comments or not line.startswith(";")]
    with pytest.raises(InputError) as raised:
        read_graphs([written(tmp_path, name, "".join(lines))])
    assert "this is a trace in the Standard Workload Format: save it with a name that ends in .swf" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text"), [("a.tsv", "job\tstart\n1\t2\n"), ("a.txt", "job,start\n1,2\n"), ("a.yaml", "hello")]
)
def test_other_formats_are_told_what_is_read(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="files that are read hold TaskGraphs, PlacementPolicies, Argo Workflows or WfCommons"):
        read_graphs([written(tmp_path, name, text)])
