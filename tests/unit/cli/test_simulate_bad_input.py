"""One clear sentence with file and place, and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.whatif_files import ARGO, GRAPH, NODES, run, wfcommons, write


def changed(**task: Any) -> dict[str, Any]:
    """A recorded workflow with the first task's run changed."""
    found = wfcommons()
    found["workflow"]["execution"]["tasks"][0] |= task
    return found


def circular() -> dict[str, Any]:
    found = wfcommons()
    found["workflow"]["specification"]["tasks"][0]["parents"] = ["join_ID03"]
    return found


GRAPHS: dict[str, tuple[str, str | dict[str, Any], str]] = {
    "cycle": (
        "g.yaml", GRAPH.replace("{name: load,", "{name: load, dependsOn: [{task: check}],"),
        "line 8: dependsOn forms a cycle: load → train → check → load: each waits for the one before it, so none can start; "
        "remove one of these dependencies",
    ),
    "unknown task": (
        "g.yaml", GRAPH.replace("task: load}", "task: laod}"),
        'line 9: task "train": dependsOn names "laod", which is unknown: did you mean "load"?',
    ),
    "negative time": (
        "g.yaml", GRAPH.replace("expectedDuration: 5s", "expectedDuration: -5s"),
        'line 10: spec.tasks[2].expectedDuration is "-5s": must be a duration such as 90s, 45m, 1h30m or 250ms',
    ),
    "misspelt field": (
        "g.yaml", GRAPH.replace("train, dependsOn:", "train, dependson:"),
        'line 9: spec.tasks[1].dependson: there is no such field; did you mean "dependsOn"?',
    ),
    "field of another place": (
        "g.yaml", GRAPH.replace("deadline: 1m", "image: busybox"),
        'line 5: spec.image: there is no such field; the fields are "admission", "deadline", "policyName", ',
    ),
    "not YAML": ("g.yaml", "kind: [TaskGraph", "this is not YAML: "),
    "not JSON": ("g.json", '{"kind": \n "TaskGraph"', "line 2: this is not JSON: "),
    "text": ("g.yaml", "hello", "line 1: this is a text: it must be an object, a map with kind and metadata"),
    "empty": ("g.yaml", "", "the file is empty"),
    "nodes": ("n.yaml", NODES, "WfCommons workflow; nodes are named with --nodes"),
    "only other kinds": (
        "g.yaml", "apiVersion: v1\nkind: Pod\n", "there is no graph in it (passed over: Pod (1)): name a file with a TaskGraph",
    ),
    "misspelt kind": (
        "g.yaml", GRAPH.replace("TaskGraph", "TaskGraf"),
        'line 2: kind is "TaskGraf": there is no such kind; did you mean "TaskGraph"?',
    ),
    "wrong version": ("g.yaml", GRAPH.replace("v1alpha1", "v9"), 'line 1: apiVersion is "bayplan.dev/v9": it must be'),
    "no spec": ("g.yaml", "apiVersion: bayplan.dev/v1alpha1\nkind: TaskGraph\n", "line 1: metadata or spec is missing"),
    "WfCommons version": (
        "w.json", wfcommons(schemaVersion="1.3"),
        'line 1: schemaVersion is "1.3": it must be "1.5", the version of the WfCommons format that is read',
    ),
    "WfCommons without version": ("w.json", {"workflow": {}}, "line 1: schemaVersion is null: it must be"),
    "WfCommons negative time": (
        "w.json", changed(runtimeInSeconds=-1),
        "line 1: workflow.execution.tasks[0].runtimeInSeconds is -1: it must be 0 or above",
    ),
    "WfCommons time": (
        "w.json", changed(runtimeInSeconds="x"),
        'line 1: workflow.execution.tasks[0].runtimeInSeconds is "x": it must be a number, 0 or above',
    ),
    "WfCommons unrecorded": (
        "w.json", changed(id="other"),
        'line 1: workflow.specification.tasks[0].id is "split_ID01": workflow.execution.tasks has no task of that id',
    ),
    "WfCommons cycle": ("w.json", circular(), "line 1: workflow.specification.dependsOn forms a cycle: split_ID01 → work_ID02"),
    "Argo expression": (
        "a.yaml", ARGO.replace("B && C.Succeeded", "B || C.Failed"),
        'line 13: spec.templates[0].dag.tasks[3].depends is "B || C.Failed": only names joined by && can be read',
    ),
    "Argo unknown task": (
        "a.yaml", ARGO.replace("dependencies: [A]", "dependencies: [X]"),
        'line 11: spec.templates[0].dag.tasks[1].dependencies names "X": there is no such task',
    ),
    "Argo loop": (
        "a.yaml", ARGO.replace("withItems: [1, 2, 3]", 'withParam: "{{x}}"'),
        'line 12: spec.templates[0].dag.tasks[2].withParam is "{{x}}": how many pods that makes is known only at run time',
    ),
    "Argo template": (
        "a.yaml", ARGO.replace("template: long", "template: lang"), "line 12: spec.templates[0].dag.tasks[2].template",
    ),
    "Argo steps": (
        "a.yaml", ARGO.replace("    script:", "    suspend: {}\n    script:"), "line 20: spec.templates[2].suspend cannot",
    ),
    "Argo without pod": (
        "a.yaml", ARGO.replace("container: {image: alpine,", "contaner: {image: alpine,"),
        "line 14: spec.templates[1] has neither container nor script, dag nor steps: it must have one of them",
    ),
    "Argo cycle": (
        "a.yaml", ARGO.replace("{name: A,", "{name: A, depends: D,"),
        "line 10: spec.templates[0].dag.tasks[0] waits for itself: A → D → B → A",
    ),
}  # fmt: skip
NODE_FILES: dict[str, tuple[str, str]] = {
    "zero nodes": ("nodes: []", "there are no nodes in it: a cluster needs at least one"),
    "empty list": ("kind: List\nitems: []", "there are no nodes in it: a cluster needs at least one"),
    "count": ("nodes:\n- {name: a, count: 0}", "line 2: nodes[0].count is 0: it must be from 1 to 100000"),
    "field": ("nodes:\n- {name: a, cpus: 3}", 'line 2: nodes[0].cpus is unknown: did you mean "cpu"?'),
    "quantity": ("nodes:\n- {name: a, cpu: many}", 'line 2: nodes[0].cpu is "many": must be a quantity'),
    "negative": ("nodes:\n- {name: a, cpu: -1}", "line 2: nodes[0].cpu is -1: it must not be negative"),
    "name": ("nodes:\n- {cpu: 1}", "line 2: nodes[0].name is missing: it must be a text"),
    "twice": ("nodes:\n- {name: a, cpu: 1}\n- {name: a, cpu: 1}", 'there is more than one node "a": each needs its own name'),
    "kind": ("kind: Pod\nmetadata: {}", "there are no nodes in it (passed over: Pod (1)): a cluster needs at least one"),
    "no map": ("nodes: [1]", "line 1: nodes[0] is 1: it must be a map"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, text, sentence = GRAPHS[name]
    path = write(tmp_path, file, text)
    for command in (["plan"], ["simulate"], ["compare", "--policy", "BestFit"]):
        code, out, err = run(capsys, *command, "-f", path, "--nodes", write(tmp_path, "nodes.yaml", NODES))
        assert (code, out) == (2, "")
        assert err.startswith(f"bayplan: {path}")
        assert sentence in err
        assert err.count("\n") == 1


@pytest.mark.parametrize("name", NODE_FILES)
def test_nodes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, sentence = NODE_FILES[name]
    path = write(tmp_path, "nodes.yaml", text)
    code, out, err = run(capsys, "simulate", "-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"bayplan: {path}")
    assert sentence in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--policy", "Packin"], '--policy is "Packin", which is unknown: did you mean "Packing"?'),
        (["--policy", "none.yaml"], "none.yaml: there is no such file or folder"),
        (["--policy", "BestFit", "--policy", "Spread"], "--policy is given more than once"),
        (["--speeds", "fats=2"], '--speeds: node class is "fats", which is unknown: did you mean "fast"?'),
        (["--speeds", "fast=0"], '"fast=0" must be a node class with its speed above 0, such as fast=2.0'),
        (["--failures", "mtfb=3h"], '--failures: "mtfb" is unknown: did you mean "mtbf"?'),
        (["--failures", "mtbf=-3h"], '--failures: mtbf: "-3h" must be a duration such as 90s'),
        (["--failures", "attempts=200%"], "the probability that an attempt fails is 2.0: it must be from 0 to 1"),
        (["--failures", "none.yaml"], "none.yaml: there is no such file; to say it without one: mtbf=24h"),
        (["--delays", "binding=soon"], '--delays: binding: "soon" must be a duration'),
        (["--delays", "binding"], '--delays: "binding" has no value: write binding=VALUE'),
        (["--noise", "-1"], '"-1" must be a share, 0 or above, such as 0.3 or 30%'),
        (["--seed", "-1"], '"-1" must be a whole number, 0 or above'),
        (["--until", "0x"], '"0x" must be a duration'),
        (["--until", "0s"], '"0s" must be longer than zero, such as 90s or 1h30m'),
    ],
)
def test_options(arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = write(tmp_path, "g.yaml", GRAPH), write(tmp_path, "nodes.yaml", NODES)
    code, out, err = run(capsys, "simulate", "-f", graph, "--nodes", nodes, *arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_crash_of_an_unknown_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failures = write(tmp_path, "f.yaml", "crashes:\n- {node: nobody, at: 1s}\n")
    graph, nodes = write(tmp_path, "g.yaml", GRAPH), write(tmp_path, "nodes.yaml", NODES)
    code, _, err = run(capsys, "simulate", "-f", graph, "--nodes", nodes, "--failures", failures)
    assert (code, err) == (2, 'bayplan: a crash is given for node "nobody": there is no such node\n')
