"""TaskGraphs with gates and rounds as simulations read them, and what is wrong with their annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bayplan.collaboration.rounds import Patience, RoundRule
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle.conditions import parse_measure
from bayplan.simulation import Ending, Rounds
from bayplan_operator.workflows import read_graphs
from tests.unit.cli.whatif_files import NODES, run, run_json, write

GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: fl%(graph)s}
spec:
  rounds: {tasks: [local, evaluate], max: 10%(rounds)s}
  template: {spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
  tasks:
  - {name: local, shards: 2, expectedDuration: 2s, data: {nodeSelectorPerShard: [{zone: a}, {zone: b}]}}
  - name: evaluate
    dependsOn: [{task: local}]
    expectedDuration: 1s
    template: {metadata: {annotations: {%(evaluate)s}}, spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
  - name: extra
    optional: true
    expectedDuration: 1s
    retry: {limit: 0}
    template: {metadata: {annotations: {%(extra)s}}, spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
  - {name: publish, dependsOn: [{task: extra}], expectedDuration: 1s}
  - {name: deploy, dependsOn: [{task: evaluate}], when: "evaluate.accuracy > 0.5", expectedDuration: 1s}
"""
ZONES = NODES.replace("costPerHour: 10}", "labels: {zone: a}}").replace("costPerHour: 1}", "labels: {zone: b}}")


def text(graph: str = "", rounds: str = "", evaluate: str = "", extra: str = "") -> str:
    return GRAPH % {"graph": graph, "rounds": rounds, "evaluate": evaluate, "extra": extra}


def planned(folder: Path, capsys: pytest.CaptureFixture[str], **parts: str) -> dict[str, Any]:
    files = write(folder, "g.yaml", text(**parts)), write(folder, "n.yaml", ZONES)
    return run_json(capsys, "plan", "-f", files[0], "--nodes", files[1], "--policy", "BestFit")


RESULTS = """sim.bayplan.dev/results: '[{"accuracy": 0.4}, {"accuracy": 0.9}]'"""


def test_results_per_round_end_the_rounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(tmp_path, capsys, rounds=', until: "evaluate.accuracy > 0.8"', evaluate=RESULTS)
    (graph,) = plan["graphs"]
    assert (graph["rounds"], graph["ended"], graph["skipped"]) == (2, 7.0, [])
    assert [(each["task"], each["round"], each["number"]) for each in plan["attempts"] if each["task"] == "evaluate"] == [
        ("evaluate", 1, 1), ("evaluate", 2, 2),
    ]  # fmt: skip
    assert graph["outlook"]["basis"] == "from hints only, 2 rounds"
    assert graph["outlook"]["lowerBound"] == 3.0, "the first round is sure, and no task after it"
    assert graph["outlook"]["estimate"] > 6.0
    assert graph["lowerBound"] == 7.0
    ends = {each["name"]: each["end"] for each in graph["tasks"]}
    assert (ends["local"], ends["evaluate"], ends["deploy"]) == (5.0, 6.0, 7.0)


def test_data_keep_shards_on_their_nodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(tmp_path, capsys)
    nodes = {(each["shard"], each["node"][:4]) for each in plan["attempts"] if each["task"] == "local"}
    assert nodes == {(0, "fast"), (1, "slow")}


def test_a_message_serves_as_results_and_exit_codes_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message, code = """sim.bayplan.dev/message: '{"accuracy": 0.1}'""", 'sim.bayplan.dev/exit-code: "3"'
    (graph,) = planned(tmp_path, capsys, evaluate=message, extra=code)["graphs"]
    assert (graph["rounds"], graph["status"], graph["skipped"]) == (10, "Succeeded", ["publish", "deploy"])


def test_the_number_of_rounds_may_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (graph,) = planned(tmp_path, capsys, graph=', annotations: {sim.bayplan.dev/rounds: "3"}')["graphs"]
    assert (graph["rounds"], graph["ended"]) == (3, 10.0)


def test_the_expected_end_counts_rounds_that_go_on_without_late_shards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for rounds in ("", ", minimum: 1, timeout: 1s", ", minimum: 1, timeout: 1h", ", minimum: 2, timeout: 1s"):
        (graph,) = planned(tmp_path, capsys, rounds=rounds)["graphs"]
        found[rounds] = graph["outlook"]["estimate"]
    without, hasty, patient, all_of_them = found.values()
    assert hasty < 0.95 * without
    assert patient == all_of_them == without


def test_the_table_names_rounds_and_what_was_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write(tmp_path, "g.yaml", text(evaluate=RESULTS.replace("0.9", "0.2"))), tmp_path
    nodes = write(tmp_path, "n.yaml", ZONES)
    code, out, err = run(capsys, "plan", "-f", files[0], "--nodes", nodes, "--policy", "BestFit", "--strict")
    assert (code, err) == (0, "")
    assert "local [1] (round 2)" in out
    assert "would complete after 30s, in 10 rounds; no schedule" in out
    assert "\nSkipped: deploy\n" in out


def test_lots_and_a_joint_loss_are_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    joint = "joint: {terms: [{name: all, loss: evaluate.accuracy}], bound: '0.5', otherwise: Round, limit: 9}"
    more = {"rounds": f", sample: {{clients: 1}}, {joint}", "evaluate": RESULTS.replace("0.9", "0.2").replace("0.4", "0.8")}
    plan = planned(tmp_path, capsys, **more)
    (graph,) = plan["graphs"]
    assert graph["rounds"] == 2, "the second one is good enough"
    assert [sum(each["round"] == number for each in plan["attempts"] if each["task"] == "local") for number in (1, 2)] == [1, 1]
    assert graph["outlook"]["lowerBound"] <= graph["lowerBound"] <= graph["ended"]


def test_figures_of_retries_within_rounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = 'sim.bayplan.dev/exit-code: "1", sim.bayplan.dev/fail-incarnations: "2"'
    files = write(tmp_path, "g.yaml", text(rounds=", timeout: p95", evaluate=failing)), write(tmp_path, "n.yaml", ZONES)
    _, out, err = run(capsys, "plan", "-f", files[0], "--nodes", files[1], "--policy", "BestFit")
    assert "evaluate (round 2, attempt 3)" in out
    words = (
        "graph default/fl: spec.rounds.timeout: p95 goes by what was learned, and nothing is here (bayplan simulate and "
        "compare learn with --learn): a round waits until all its shards have ended"
    )
    assert words in " ".join(err.split())
    for learn, said in (((), True), (("--learn",), False)):
        _, _, err = run(capsys, "simulate", "-f", files[0], "--nodes", files[1], "--policy", "BestFit", *learn)
        assert ("timeout: p95" in err) == said


def test_backups_by_what_was_learned_need_learning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = text().replace("local, shards: 2,", "local, shards: 2, backups: {count: 1, after: p95},")
    files = write(tmp_path, "g.yaml", late), write(tmp_path, "n.yaml", ZONES)
    for policies, learn, said in (((), "no", True), ((), "yes", False), (("--policy", "Spread"), "both", True)):
        command = "compare" if policies else "simulate"
        args = ("-f", files[0], "--nodes", files[1], "--policy", "BestFit", *policies, f"--learn={learn}")
        _, _, err = run(capsys, command, *args)
        assert ("backups.after: p95 goes by what was learned" in err) == said, err


WRONG = {
    "no json": ({"evaluate": "sim.bayplan.dev/results: accuracy"}, "results is 'accuracy': it must be JSON such as"),
    "nested": ({"evaluate": """sim.bayplan.dev/results: '{"a": [1]}'"""}, "it must be JSON such as"),
    "none": ({"evaluate": "sim.bayplan.dev/results: '[]'"}, "it must be JSON such as"),
    "code": ({"extra": 'sim.bayplan.dev/exit-code: "256"'}, 'exit-code is "256": it must be an exit code from 0 to 255'),
    "words": ({"extra": "sim.bayplan.dev/exit-code: one"}, 'exit-code is "one": it must be an exit code from 0 to 255'),
    "incarnation": (
        {"extra": 'sim.bayplan.dev/fail-incarnations: "0,1"'},
        'fail-incarnations is "0,1": it must be numbers of attempts from 1 on, such as "1,2"',
    ),
    "rounds": (
        {"graph": ', annotations: {sim.bayplan.dev/rounds: "11"}'},
        'metadata.annotations.sim.bayplan.dev/rounds is "11": it must be a number of rounds from 1 to spec.rounds.max, 10',
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts, words = WRONG[what]
    files = write(tmp_path, "g.yaml", text(**parts)), write(tmp_path, "n.yaml", ZONES)
    code, _, err = run(capsys, "plan", "-f", files[0], "--nodes", files[1])
    assert code == 2
    assert words in err


def test_a_graph_without_gates_is_read_as_ever(tmp_path: Path) -> None:
    plain = text(evaluate='sim.bayplan.dev/exit-code: "1"').replace("  rounds: {tasks: [local, evaluate], max: 10}\n", "")
    plain = plain.replace("    optional: true\n", "").replace(', when: "evaluate.accuracy > 0.5"', "")
    (found,) = read_graphs([write(tmp_path, "g.yaml", plain)]).submissions
    assert (found.flow, found.rounds, found.endings) == (None, None, ())
    (found,) = read_graphs([write(tmp_path, "h.yaml", text(rounds=", patience: 2, metric: evaluate.loss"))]).submissions
    rule = RoundRule(10, None, Patience(2, parse_measure("evaluate.loss")))
    assert found.rounds == Rounds(rule, task=TaskRun("local", "/fl", hint=2.0))
    assert found.endings == (Ending(),) * 5
