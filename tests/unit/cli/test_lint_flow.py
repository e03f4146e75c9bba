"""`bayplan lint` finds what the operator would refuse of gates, conditions, results, fusions and rounds, with the line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import NODES, run, run_json, write

GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: federated}
spec:
  template: {spec: {containers: [{image: i}], volumes: [{name: workspace, hostPath: {path: /data}}]}}
  rounds:
    tasks: [local, join, evaluate]
    max: 20
    until: evaluate.accuracy >= 0.95
    sample: {clients: 2}
  tasks:
  - name: local
    shards: 3
    data: {nodeSelectorPerShard: [{site: a}, {site: b}, {site: c}]}
  - name: join
    dependsOn: [{task: local}]
    fuse: {method: FedAvg, weightBy: samples}
  - name: evaluate
    dependsOn: [{task: join}]
    outputs: [loss]
  - name: large
    dependsOn: [{task: evaluate}]
    when: evaluate.accuracy >= 0.9
  - name: best
    dependsOn: [{task: evaluate}, {task: large}]
    gate: BestOf
    bestBy: {metric: accuracy}
    args: ["--accuracy=$(tasks.evaluate.outputs.accuracy)"]
"""


def test_it_is_right_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "lint", "-f", write(tmp_path, "g.yaml", GRAPH)) == (0, "no problems in 1 file\n", "")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("until:", "untill:", '9:5: spec.rounds.untill: there is no such field; did you mean "until"?'),
        ("{clients: 2}", "{client: 2}", '10:14: spec.rounds.sample.client: there is no such field; did you mean "clients"?'),
        ("weightBy:", "weightby:", '17:28: spec.tasks[1].fuse.weightby: there is no such field; did you mean "weightBy"?'),
        ("{metric:", "{metrik:", '27:14: spec.tasks[4].bestBy.metrik: there is no such field; did you mean "metric"?'),
        ("nodeSelectorPerShard", "nodeSelectorPerShards",
         '14:12: spec.tasks[0].data.nodeSelectorPerShards: there is no such field; did you mean "nodeSelectorPerShard"?'),
        ("max: 20", "max: 0", "8:5: spec.rounds.max is 0: must be at least 1"),
        ("max: 20", "max: 20\n    timeout: soon", '9:5: spec.rounds.timeout is "soon": must be p95, or a duration'),
        ("gate: BestOf", "gate: Best", '26:5: spec.tasks[4].gate is "Best": must be "All", "Any", "BestOf" or "Always"'),
        ("FedAvg,", "FedAvk,", 'spec.tasks[1].fuse.method is "FedAvk": must be "Mean", '),
        ("[local, join, evaluate]", "[local, join, evaluat]", '7:26: spec.rounds.tasks[2] is "evaluat", which is unknown'),
        ("[local, join, evaluate]", "[local, join, join, evaluate]", '7:5: spec.rounds.tasks has 2 items "join": name each'),
        ("until: evaluate.accuracy", "until: large.accuracy", '9:5: spec.rounds.until: the task of large.accuracy is'),
        (">= 0.95", ">=", "9:5: spec.rounds.until: "),
        ("when: evaluate.accuracy", "when: evaluat.accuracy", '23:5: spec.tasks[3].when ("large"): the task of evaluat'),
        ("when: evaluate.accuracy >= 0.9", "when: local.samples > 1", "23:5: spec.tasks[3].when"),
        ("{site: b}, ", "", '12:5: spec.tasks[0] ("local") has 2 items in data.nodeSelectorPerShard and 3 shards'),
        ("    bestBy: {metric: accuracy}\n", "", 'spec.tasks[4] ("best") has gate: BestOf and no bestBy'),
        ("method: FedAvg,", "method: FedAvg, parameters: [{name: momentun, value: '1'}],",
         '17:5: spec.tasks[1] ("join").fuse: '),
        ("until:", "metric: large.loss\n    until:", "9:5: spec.rounds.metric: the task of large.loss is"),
        ("tasks.evaluate.outputs", "tasks.evaluat.outputs", 'did you mean "evaluate"?'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_in_its_line(
    old: str, new: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in GRAPH
    code, out, _ = run(capsys, "lint", "-f", write(tmp_path, "g.yaml", GRAPH.replace(old, new)))
    assert code == 2
    assert sentence in out, out


def test_all_that_is_wrong_is_found_at_once_each_in_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = {
        "until: evaluate.accuracy": "until: large.accuracy", "{site: b}, ": "", "when: evaluate.accuracy": "when: best.loss",
        "tasks.evaluate.outputs": "tasks.evaluat.outputs", "    bestBy: {metric: accuracy}\n": "",
    }  # fmt: skip
    text = GRAPH
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    code, out, _ = run(capsys, "lint", "-f", write(tmp_path, "g.yaml", text))
    found = [line.partition("g.yaml:")[2] for line in out.splitlines()]
    assert [line.split(":")[0] for line in found] == ["9", "12", "23", "24", "24", ""], out
    assert "spec.rounds.until: the task of large.accuracy is" in found[0]
    assert 'spec.tasks[0] ("local") has 2 items in data.nodeSelectorPerShard and 3 shards' in found[1]
    assert 'spec.tasks[3].when ("large") speaks of "best"' in found[2]
    assert "has gate: BestOf and no bestBy" in found[3]
    assert 'did you mean "evaluate"?' in found[4]
    assert (code, out.splitlines()[-1]) == (2, "5 problems in 1 file")


def test_the_picture_says_how_tasks_follow_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = "nodes:\n" + "".join(f"- {{name: {site}, labels: {{site: {site}}}, cpu: 8}}\n" for site in "abc")
    work = ("-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", nodes))
    simulated = json.loads(run(capsys, "simulate", *work, "-o", "json")[1])
    tasks = {each["name"]: each for each in simulated["graphs"][0]["tasks"]}
    assert {name: each.get("gate") for name, each in tasks.items() if "gate" in each} == {"best": "BestOf"}
    assert {name: each["when"] for name, each in tasks.items() if "when" in each} == {"large": "evaluate.accuracy >= 0.9"}
    assert [name for name, each in tasks.items() if each.get("repeats")] == ["local", "join", "evaluate"]
    assert run(capsys, "report", *work, "--out", tmp_path / "a.html")[0] == 0
    page = (tmp_path / "a.html").read_text()
    signs = re.findall(r'<g class="task[^>]*data-task="default/federated/([^"]*)".*?<text class="gate"[^>]*>([^<]*)<', page)
    assert signs == [("local", "round"), ("join", "round"), ("evaluate", "round"), ("large", "if"), ("best", "best of")]
    assert "; only if evaluate.accuracy &gt;= 0.9</title>" in page
    assert "; takes the best of the tasks before it</title>" in page


def test_the_picture_of_a_plain_graph_has_no_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = GRAPH.partition("  rounds:")[0] + "  tasks: [{name: a}, {name: b, dependsOn: [{task: a}]}]\n"
    work = ("-f", write(tmp_path, "g.yaml", graph), "--nodes", write(tmp_path, "n.yaml", NODES))
    assert not {"gate", "when", "repeats"} & run_json(capsys, "simulate", *work)["graphs"][0]["tasks"][0].keys()
    assert run(capsys, "report", *work, "--out", tmp_path / "a.html")[0] == 0
    assert 'class="gate"' not in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_what_goes_by_learning_is_said_by_a_simulation_that_does_not_learn(
    strict: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no fault of the file, so `lint` says nothing of it."""
    nodes = "nodes:\n" + "".join(f"- {{name: {site}, labels: {{site: {site}}}, cpu: 8}}\n" for site in "abc")
    timed = GRAPH.replace("    max: 20\n", "    max: 20\n    timeout: p95\n")
    work = ("-f", write(tmp_path, "g.yaml", timed), "--nodes", write(tmp_path, "n.yaml", nodes))
    assert run(capsys, "lint", *work[:2])[0] == 0
    code, _, err = run(capsys, "simulate", *work, *strict)
    assert err.startswith("bayplan: graph default/federated: spec.rounds.timeout: p95 goes by what was learned, ")
    assert (code == 2) == bool(strict)
