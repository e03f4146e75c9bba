"""`bayplan plan` on real files, without any cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.whatif_files import GRAPH, NODES, run, run_json, write

ANNOTATED = 'metadata: {annotations: {sim.bayplan.dev/seconds: "1000"}}'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path, "graph.yaml", GRAPH), write(tmp_path, "nodes.yaml", NODES)


def test_order_nodes_and_times(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    plan = run_json(capsys, "plan", "-f", graph, "--nodes", nodes, "--speeds", "fast=2,slow=0.5", "--policy", "Spread")
    starts = [(each["task"], each["shard"], each["node"], each["start"], each["end"]) for each in plan["attempts"]]
    assert starts == [
        ("load", 0, "slow-0", 0.0, 20.0),
        ("train", 0, "slow-0", 20.0, 60.0),
        ("train", 1, "slow-1", 20.0, 60.0),
        ("train", 2, "slow-0", 20.0, 60.0),
        ("check", 0, "slow-0", 60.0, 70.0),
    ]
    figures, (found,) = plan["figures"], plan["graphs"]
    assert figures["makespan"] == found["ended"] == 70.0
    assert found["criticalPath"] == ["load", "train", "check"]
    assert found["criticalSeconds"] == 70.0
    assert found["lowerBound"] == 17.5  # all on fast nodes
    assert (found["deadline"], found["missed"], found["status"]) == (60.0, True, "Succeeded")
    assert figures["failed"] == figures["lost"] == 0


def test_the_table(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    code, out, err = run(capsys, "plan", "-f", graph, "--nodes", nodes)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["TASK", "NODE", "START", "END", "WAITED", "WHY"]
    assert "train [2]" in out
    assert "team/sample: would complete after 35s; no schedule on these nodes could take less than 35s" in out
    assert "Critical path (35s): load → train → check" in out
    assert "Deadline: 60s; met, 25s spare" in out
    assert "\x1b" not in out


def test_what_can_never_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH.replace('cpu: "4"', 'cpu: "40"'))
    nodes = write(tmp_path, "nodes.yaml", NODES)
    code, out, _ = run(capsys, "plan", "-f", graph, "--nodes", nodes)
    assert code == 3
    assert out.splitlines()[1].endswith("  NoSuchNode: 0/4 nodes"), "a row has the first words"
    assert "\nload would get no place: NoSuchNode: 0/4 nodes: 4 have too little cpu (40 asked, largest 8)\n" in out
    assert "team/sample: would not complete" in out
    assert "Deadline: 60s; missed" in out


def test_nodes_as_kubectl_prints_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = """\
  - apiVersion: v1
    kind: Node
    metadata: {name: %s, labels: {kubernetes.io/hostname: %s}, creationTimestamp: "2030-01-01T00:00:00Z"}
    spec: {unschedulable: %s}
    status:
      allocatable: {cpu: 7910m, memory: 31Gi, pods: "110"}
      conditions: [{type: Ready, status: "True", lastTransitionTime: "2030-01-01T00:00:00Z"}]
"""
    listed = "apiVersion: v1\nkind: List\nitems:\n" + node % ("a", "a", "true") + node % ("b", "b", "false")
    plan = run_json(capsys, "plan", "-f", write(tmp_path, "g.yaml", GRAPH), "--nodes", write(tmp_path, "n.yaml", listed))
    assert {each["node"] for each in plan["attempts"]} == {"b"}
    assert plan["nodes"][0]["allocatable"]["cpu"] == 7910


def test_a_policy_of_the_files_is_taken_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = (
        "\n---\napiVersion: bayplan.dev/v1alpha1\nkind: PlacementPolicy\nmetadata: {name: mine}\nspec: {preset: RoundRobin}\n"
    )
    nodes = write(tmp_path, "nodes.yaml", NODES)
    graph = write(tmp_path, "graph.yaml", GRAPH.replace("deadline: 1m", "policyName: mine") + policy)
    plan = run_json(capsys, "plan", "-f", graph, "--nodes", nodes)
    assert plan["policy"] == "mine"
    assert plan["attempts"][0]["why"].startswith("round robin, turn 0")
    alone = write(tmp_path, "alone.yaml", GRAPH.replace("deadline: 1m", "policyName: mine"))
    code, _, err = run(capsys, "plan", "-f", alone, "--nodes", nodes)
    assert code == 2
    assert err == (
        'bayplan: graph team/sample: spec.policyName is "mine": there is no such PlacementPolicy in the files: '
        "add its file with -f, or say with --policy what to take instead\n"
    )


def test_without_nodes_and_without_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = write(tmp_path, "graph.yaml", GRAPH)
    code, _, err = run(capsys, "plan", "-f", graph, "--kubeconfig", tmp_path / "none")
    assert code == 1
    assert err.startswith("bayplan: no cluster to ask: name a file of nodes with --nodes, or set KUBECONFIG or --kubeconfig (")


def test_when_it_is_expected_to_end_and_how_likely_in_time(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    graph, nodes = files
    (found,) = run_json(capsys, "plan", "-f", graph, "--nodes", nodes)["graphs"]
    said = found["outlook"]
    assert said["basis"] == "from hints only"
    assert said["lowerBound"] == 35.0
    assert 20.0 < said["low"] < said["estimate"] < said["high"]
    assert said["probability"] > 0.8
    slow = run_json(capsys, "plan", "-f", graph, "--nodes", nodes, "--speeds", "fast=0.5,slow=0.25")["graphs"][0]["outlook"]
    assert slow["lowerBound"] == 70.0
    assert slow["probability"] < 0.5
    assert [each["help"] for each in slow["advice"]][-1] == "LaterDeadline"
    assert run_json(capsys, "plan", "-f", graph, "--nodes", nodes)["graphs"][0]["outlook"] == said


POLICY = "apiVersion: bayplan.dev/v1alpha1\nkind: PlacementPolicy\nmetadata: {name: mine}\nspec: "
CANDIDATES = "{objective: ResponseTime, candidates: [{preset: BestFit}, {preset: Spread}]}"


def test_the_estimate_is_of_the_policy_that_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nodes that come last by name are four times as fast: a policy that looks at run times takes them."""
    nodes = write(tmp_path, "nodes.yaml", NODES.replace("fast", "zoom").replace("slow", "dull"))
    speeds = ("--nodes", nodes, "--speeds", "zoom=4")
    plain = write(tmp_path, "plain.yaml", GRAPH)
    quick, slow = (
        run_json(capsys, "plan", "-f", plain, *speeds, "--policy", policy)["graphs"][0] for policy in ("GraphPlan", "BestFit")
    )
    assert slow["outlook"]["estimate"] > 3 * quick["outlook"]["estimate"]
    for spec in ("{preset: BestFit}", f"{{adaptive: {CANDIDATES}}}"):
        named = write(tmp_path, "named.yaml", f"{GRAPH.replace('deadline: 1m', 'policyName: mine')}\n---\n{POLICY}{spec}\n")
        (found,) = run_json(capsys, "plan", "-f", named, *speeds)["graphs"]
        assert found["outlook"]["estimate"] == pytest.approx(slow["outlook"]["estimate"], rel=0.1)
        assert found["outlook"]["low"] <= found["ended"] <= found["outlook"]["high"]


def test_an_end_outside_its_interval_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = write(tmp_path, "nodes.yaml", NODES.replace("count: 2", "count: 40"))
    many = write(tmp_path, "many.yaml", GRAPH.replace("shards: 3", "shards: 60"))
    _, out, _ = run(capsys, "plan", "-f", many, "--nodes", nodes)
    assert "outside that interval: there every run time is at its median; where many shards must all end" in out
    quick = write(tmp_path, "quick.yaml", GRAPH.replace("template: {spec", f"template: {{{ANNOTATED}, spec"))
    _, out, _ = run(capsys, "plan", "-f", quick, "--nodes", nodes)
    assert "outside that interval: there the run times are those of the annotation for simulated nodes" in out
    two = write(tmp_path, "two.yaml", f"{GRAPH.replace('deadline: 1m', 'priority: 5')}\n---\n{GRAPH.replace('sample', 'last')}")
    few = write(tmp_path, "few.yaml", "nodes: [{name: only, cpu: 4, memory: 8Gi}]")
    _, out, _ = run(capsys, "plan", "-f", two, "--nodes", few)
    assert "outside that interval: there it shares the nodes with the other graphs" in out


def test_the_outlook_in_words(files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, nodes = files
    _, out, _ = run(capsys, "plan", "-f", graph, "--nodes", nodes, "--speeds", "fast=0.5,slow=0.25")
    assert "Expected end: after" in out
    assert "(from hints only); at median run times, not before 70s" in out
    assert "Probability of meeting the deadline: " in out
    assert "What would help: " in out
    unhinted = write(tmp_path, "unhinted.yaml", re.sub(r", expectedDuration: \d+s", "", GRAPH))
    _, out, _ = run(capsys, "plan", "-f", unhinted, "--nodes", nodes)
    assert "Expected end: unknown (no hints, and nothing was learned: nothing is known of its run times)" in out
    assert "Probability" not in out
    huge = write(tmp_path, "huge.yaml", GRAPH.replace('cpu: "4"', 'cpu: "40"'))
    _, out, _ = run(capsys, "plan", "-f", huge, "--nodes", nodes)
    assert "Expected end: unknown, since no node could hold load, train, check" in out
