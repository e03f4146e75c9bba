"""Files that kubectl apply takes hold other kinds beside ours: they are passed over, kept, or nearly ours and refused."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from bayplan_operator.workflows import InputError, read_graphs, read_nodes
from tests.unit.workflows.reading import CASES, GRAPH, NODE, written

OTHERS = """\
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
- {apiVersion: v1, kind: Secret, metadata: {name: c}}
- apiVersion: v1
  kind: LimitRange
  metadata: {name: defaults, namespace: team}
  spec: {limits: [{type: Container, default: {cpu: 4}, defaultRequest: {cpu: 500m}}]}
- {apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: d}}
- {apiVersion: bayplan.dev/v1alpha1, kind: TaskProfile, metadata: {name: e}}
---
# only a comment
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: microvm}
handler: microvm
overhead: {podFixed: {cpu: 500m}}
---
"""


def test_a_file_may_begin_with_a_namespace() -> None:
    found = read_graphs([CASES / "namespace-deleted/graph.yaml"])
    assert [each.name for each in found.submissions] == ["shortlived/running", "default/elsewhere"]
    assert found.passed_over == [f"{CASES / 'namespace-deleted/graph.yaml'}: passed over: Namespace (1)"]


def test_other_kinds_are_passed_over_in_one_line_and_those_of_admission_kept(tmp_path: Path) -> None:
    path = written(tmp_path, "all.yaml", OTHERS + GRAPH + "---\n" + NODE)
    found = read_graphs([path])
    assert [each.name for each in found.submissions] == ["team/sample"]
    assert found.left_out == []
    assert found.passed_over == [
        f"{path}: passed over: Namespace (1), ConfigMap (2), Secret (1), Application (1), TaskProfile (1), Node (1); "
        "nodes are named with --nodes"
    ]
    (limits,) = [each for kept in found.admission.limit_ranges.values() for each in kept]
    assert limits.spec.limits[0].default == {"cpu": 4}
    (runtime,) = found.admission.runtime_classes.values()
    assert runtime.overhead.pod_fixed == {"cpu": "500m"}


@pytest.mark.parametrize(("kind", "passed"), [("Graph", True), ("TaskGraf", True), ("Nodes", False)])
def test_a_file_of_nodes_knows_what_nearly_is_a_node_alone(kind: str, passed: bool, tmp_path: Path) -> None:
    version = "bayplan.dev/v1alpha1" if passed else "v1"
    path = written(tmp_path, "n.yaml", f"apiVersion: {version}\nkind: {kind}\n---\n{NODE}")
    if passed:
        assert read_nodes(path).left_out == [f"{path}: passed over: {kind} (1)"]
    else:
        with pytest.raises(InputError, match=r'did you mean "Node"\?'):
            read_nodes(path)


def test_the_same_file_may_hold_the_nodes(tmp_path: Path) -> None:
    path = written(tmp_path, "all.yaml", OTHERS + GRAPH + "---\n" + NODE)
    found = read_nodes(path)
    assert [node.name for node in found.nodes] == ["n0"]
    (sentence,) = found.left_out
    assert "TaskGraph (1)" in sentence


def test_several_files_are_one_line(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        written(tmp_path, name, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n" + GRAPH)
    assert read_graphs([tmp_path]).passed_over == ["2 files: passed over: Namespace (2)"]


@pytest.mark.parametrize(
    ("version", "kind", "sentence"),
    [
        ("bayplan.dev/v1alpha1", "TaskGraf", 'kind is "TaskGraf": there is no such kind; did you mean "TaskGraph"?'),
        ("bayplan.dev/v1alpha1", "taskgraph", 'kind is "taskgraph": there is no such kind; did you mean "TaskGraph"?'),
        ("bayplan.dev/v1alpha1", "TaskGraphs", 'did you mean "TaskGraph"?'),
        ("bayplan.dev/v1alpha1", "PlacementPolcy", 'did you mean "PlacementPolicy"?'),
        ("v1", "TaskGraf", 'did you mean "TaskGraph"?'),
        ("bayplan.dev/v1", "Graph", 'kind is "Graph": bayplan.dev has no such kind; it must be one of TaskGraph, '),
        ("bayplan.dev/v1", "TaskGraph", 'apiVersion is "bayplan.dev/v1": it must be "bayplan.dev/v1alpha1"'),
        ("v1alpha1", "TaskGraph", 'apiVersion is "v1alpha1": it must be "bayplan.dev/v1alpha1"'),
        ("example.com/v1", "PlacementPolicy", 'apiVersion is "example.com/v1": it must be "bayplan.dev/v1alpha1"'),
        ("argoproj.io/v1", "Workflow", 'apiVersion is "argoproj.io/v1": it must be "argoproj.io/v1alpha1"'),
        ("argproj.io/v1alpha1", "Workflow", 'apiVersion is "argproj.io/v1alpha1": it must be "argoproj.io/v1alpha1"'),
        ("argoproj.io/v1alpha1", "WorkFlow", 'did you mean "Workflow"?'),
        ("argoproj.io/v1alpha1", "CronWorkflows", 'did you mean "CronWorkflow"?'),
        ("v1", "", 'kind is "": it must be a string such as TaskGraph'),
        ("v1", 3, "kind is 3: it must be a string such as TaskGraph"),
    ],
)
def test_near_misses_are_refused(version: str, kind: object, sentence: str, tmp_path: Path) -> None:
    path = written(tmp_path, "g.yaml", GRAPH + "---\n" + yaml.safe_dump({"apiVersion": version, "kind": kind}))
    with pytest.raises(InputError) as raised:
        read_graphs([path])
    assert sentence in str(raised.value)
    assert raised.value.findings[0].line in (10, 11)


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("tekton.dev/v1", "TaskRun"), ("serverless.example.org/v1", "Workflow"), ("argoproj.io/v1alpha1", "WorkflowTaskSet"),
        ("argoproj.io/v1alpha1", "Rollout"), ("karpenter.sh/v1", "NodePool"), ("apps/v1", "Deployment"),
        ("policy.karmada.io/v1alpha1", "PropagationPolicy"), ("batch/v1", "CronJob"),
    ],
)  # fmt: skip
def test_kinds_of_others_are_none_of_these(version: str, kind: str, tmp_path: Path) -> None:
    other = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n---\n"
    assert f"passed over: {kind} (1)" in read_graphs([written(tmp_path, "g.yaml", other + GRAPH)]).passed_over[0]
    assert f"passed over: {kind} (1)" in read_nodes(written(tmp_path, "n.yaml", other + NODE)).left_out[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("default: {cpu: 4}", "default: {cpu: many}", "line 14: items[3].spec.limits[0].default.cpu"),
        ("limits: [", "limit: [", "line 14: "),
        ("handler: microvm", "handler: true", "line 23: handler is true, which is read as true or false: it must be a string"),
        ("node.k8s.io/v1", "node.k8s.io/v1beta1", 'apiVersion is "node.k8s.io/v1beta1": it must be "node.k8s.io/v1"'),
    ],
)
def test_what_admission_goes_by_is_checked(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_graphs([written(tmp_path, "all.yaml", OTHERS.replace(old, new) + GRAPH)])
    assert sentence.replace("items[3].", "") in str(raised.value)


def test_queues_are_read_and_graphs_name_them(tmp_path: Path) -> None:
    queue = "apiVersion: bayplan.dev/v1alpha1\nkind: Queue\nmetadata: {name: vision}\nspec: {}\n---\n"
    graph = GRAPH.replace("spec:", "spec:\n  queueName: vision", 1)
    found = read_graphs([written(tmp_path, "g.yaml", queue + graph)])
    assert (found.passed_over, found.left_out, list(found.queues)) == ([], [], ["vision"])
    assert [each.queue for each in found.submissions] == ["vision"]


def test_a_queue_that_is_in_no_file_is_told(tmp_path: Path) -> None:
    graph = GRAPH.replace("spec:", "spec:\n  queueName: vision", 1)
    found = read_graphs([written(tmp_path, "g.yaml", graph)])
    assert [each.partition(": ")[2] for each in found.left_out] == [
        "spec.queueName is vision, and no file has this Queue: no quota counts in these times"
    ]
    assert [each.queue for each in found.submissions] == [None]


def test_a_wrong_queue_is_named_with_its_field(tmp_path: Path) -> None:
    queue = "apiVersion: bayplan.dev/v1alpha1\nkind: Queue\nmetadata: {name: vision}\nspec: {weight: 0}\n---\n"
    with pytest.raises(InputError, match=r"weight"):
        read_graphs([written(tmp_path, "g.yaml", queue + GRAPH)])


def test_an_object_without_a_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="kind is missing: it must be one of TaskGraph, PlacementPolicy, Queue, Workflow, "):
        read_graphs([written(tmp_path, "g.yaml", "metadata: {name: a}\n")])


def test_empty_lists_and_nodes_without_apiversion(tmp_path: Path) -> None:
    lists = (
        "kind: NodeList\nitems: null\n---\nkind: List\nitems: []\n---\nkind: NodeList\nitems:\n- {metadata: {name: n1}}\n---\n"
    )
    found = read_nodes(written(tmp_path, "n.yaml", lists + NODE))
    assert ([node.name for node in found.nodes], found.left_out) == (["n1", "n0"], [])


def test_an_empty_file_beside_others_is_told(tmp_path: Path) -> None:
    wrong, empty = written(tmp_path, "a.yaml", "kind: ["), written(tmp_path, "b.yaml", "---\n# nothing\n---\n")
    with pytest.raises(InputError) as raised:
        read_graphs([wrong, empty, written(tmp_path, "c.yaml", GRAPH)])
    assert [(each.path, each.sentence[:16]) for each in raised.value.findings] == [
        (wrong, "this is not YAML"), (empty, "the file is empt")
    ]  # fmt: skip


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as beside:
        beside.submit(pipe.write_text, GRAPH)
        assert len(read_graphs([pipe]).submissions) == 1
