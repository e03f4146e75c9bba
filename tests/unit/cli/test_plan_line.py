"""`bayplan plan` says which place each graph would take in the line, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli.work.cluster_copy.asked import asked_by
from bayplan_operator.kube import paths
from tests.unit.cli.api_server import FORBIDDEN, GRAPHS, TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.whatif_files import NODES, run, run_json, write

GRAPH = """\
apiVersion: bayplan.dev/v1alpha1
kind: TaskGraph
metadata: {name: %s, namespace: %s}
spec:
  priority: %d
  queueName: %s
  template: {spec: {containers: [{image: i, resources: {requests: {cpu: "1"}}}]}}
  tasks: [{name: a, shards: 2, expectedDuration: 2s}, {name: b, dependsOn: [{task: a}], expectedDuration: 2s}]
---
"""
SHARED = """\
apiVersion: bayplan.dev/v1alpha1
kind: Queue
metadata: {name: %s}
spec: {namespaceSelector: {}, weight: %d}
---
"""
DEFAULT = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "PlacementPolicy", "metadata": {"name": "default"}, "spec": {}}
NODE = {
    "metadata": {"name": "n", "labels": {}, "resourceVersion": "1"},
    "status": {
        "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "20"},
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


def lines(plan: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("line") for each in plan["graphs"]}


def test_graphs_of_the_files_stand_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graphs = GRAPH % ("low", "a", 1, "q") + GRAPH % ("high", "b", 5, "q") + GRAPH % ("lowest", "a", 0, "q")
    files = ("-f", write(tmp_path, "g.yaml", graphs + SHARED % ("q", 1)), "--nodes", write(tmp_path, "n.yaml", NODES))
    found = lines(run_json(capsys, "plan", *files, "--policy", "BestFit"))
    assert {name: (each["position"], each["ahead"], each["priority"]) for name, each in found.items()} == {
        "a/low": (2, "1 graph of 1 other namespace is ahead", 1),
        "b/high": (1, "no graph is ahead", 5),
        "a/lowest": (3, "1 graph of this namespace and 1 graph of 1 other namespace are ahead", 0),
    }
    _, out, _ = run(capsys, "plan", *files, "--policy", "BestFit")
    assert "\n2nd in line: 1 graph of 1 other namespace is ahead; points: priority 1, age 0\n" in out
    assert "Expected start" not in out, "the table has it"


def test_shares_of_queues_are_among_the_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Once w1 is ahead, w counts as if 2 of the 32 CPUs had been held for 2 s, of which an hour leaves a half.
    graphs = "".join(GRAPH % (name, "a", 0, name[0]) for name in ("v1", "w1", "w2"))
    queues = SHARED % ("v", 2) + SHARED % ("w", 1)
    files = ("-f", write(tmp_path, "g.yaml", graphs + queues), "--nodes", write(tmp_path, "n.yaml", NODES))
    found = lines(run_json(capsys, "plan", *files, "--policy", "BestFit", "--queue-half-life", "1h"))
    shares = {name: float(each["share"]) for name, each in found.items()}
    assert (shares["a/v1"], shares["a/w1"]) == (0.0, 0.0)
    assert shares["a/w2"] == pytest.approx(2 / 32 * (1 - 2 ** (-2 / 3600)), rel=0.01)
    assert [each["position"] for each in found.values()] == [1, 2, 3]
    _, out, _ = run(capsys, "plan", *files, "--policy", "BestFit", "--queue-half-life", "1h")
    assert f"points: priority 0, age 0, share of its queue {found['a/w2']['share']}" in out


def test_one_graph_on_nodes_of_a_file_stands_in_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("-f", write(tmp_path, "g.yaml", GRAPH % ("one", "a", 1, "default")), "--nodes", write(tmp_path, "n.yaml", NODES))
    assert lines(run_json(capsys, "plan", *files, "--policy", "BestFit")) == {"a/one": None}


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has(paths.NODES, NODE)
        found.has(paths.PODS)
        found.has(paths.PLACEMENT_POLICIES, DEFAULT)
        found.has(paths.QUEUES)
        found.has(GRAPHS, there("urgent", 9), there("other", 7, namespace="alpha"), there("idle", 0))
        found.has(TEAM_GRAPHS, there("urgent", 9), there("idle", 0))
        yield found


def there(name: str, priority: int, namespace: str = "team") -> dict[str, Any]:
    """A graph that waits."""
    accepted = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    template = {"spec": {"containers": [{"name": "main", "image": "i", "resources": {"requests": {"cpu": "1"}}}]}}
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {
            "name": name, "namespace": namespace, "uid": f"{namespace}-{name}", "generation": 1, "resourceVersion": "1",
            "creationTimestamp": accepted,
        },
        "spec": {"priority": priority, "template": template, "tasks": [{"name": "a"}]},
        "status": {"acceptedAt": accepted},
    }  # fmt: skip


@pytest.fixture
def asked(tmp_path: Path, cluster: Api) -> tuple[object, ...]:
    graph = write(tmp_path, "g.yaml", GRAPH % ("new", "team", 5, "default"))
    return "plan", "-f", graph, "--kubeconfig", kubeconfig(tmp_path, cluster.url), "--context", "near"


def test_a_graph_stands_behind_what_waits_in_the_cluster(asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(run_json(capsys, *asked))["team/new"]
    assert (found["position"], found["priority"], found["age"], found["share"]) == (3, 5, "0", None)
    assert found["ahead"] == "1 graph of this namespace and 1 graph of 1 other namespace are ahead"
    assert found["p50"] is not None, found["unknown"]
    code, out, err = run(capsys, *asked)
    assert (code, err) == (0, "")
    assert "3rd in line: 1 graph of this namespace and 1 graph of 1 other namespace are ahead; points: priority 5, age 0" in out
    assert "\nExpected start in this line: " in out


def test_who_may_list_one_namespace_is_told_so(
    cluster: Api, asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.refuses(GRAPHS, 403, FORBIDDEN)
    found = lines(run_json(capsys, *asked))["team/new"]
    assert found["position"] == 2
    assert found["ahead"] == "1 graph of this namespace is ahead; of namespaces other than team you may list no graphs"


@pytest.mark.parametrize("path", [paths.QUEUES, TEAM_GRAPHS])
def test_who_may_not_list_what_decides_gets_a_plan_without_a_place(
    path: str, cluster: Api, asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.refuses(GRAPHS, 403, FORBIDDEN)
    cluster.refuses(path, 403, FORBIDDEN)
    code, out, err = run(capsys, *asked)
    assert code == 0
    assert "in line" not in out
    assert "no place in the line is said" in err


def test_why_a_graph_has_no_place_is_said(
    tmp_path: Path, cluster: Api, asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "g.yaml", GRAPH % ("new", "team", 5, "nowhere"))
    _, out, err = run(capsys, *asked)
    assert "in line" not in out
    assert err == ""
    why = 'spec.queueName is "nowhere": there is no such Queue; the Queues are "default"'
    assert f"\na and 1 more would get no place: QueueNotFound: {why}\n" in out


@pytest.mark.parametrize("policy", ["Spread", "policy.yaml"])
def test_a_policy_of_the_command_line_need_not_be_in_the_cluster(
    policy: str, tmp_path: Path, cluster: Api, asked: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    named = "apiVersion: bayplan.dev/v1alpha1\nkind: PlacementPolicy\nmetadata: {name: own}\nspec: {preset: Spread}\n"
    said = write(tmp_path, policy, named) if policy.endswith(".yaml") else policy
    cluster.has(paths.PLACEMENT_POLICIES)
    assert lines(run_json(capsys, *asked, "--policy", said))["team/new"]["position"] == 1, "no other has a policy"


@pytest.mark.parametrize(
    ("cpu", "selector", "seconds"),
    [("8", {}, 3600), ("7", {}, 0), ("8", {"kind": "none"}, 0)],
    ids=["it needs the node", "a shard fits beside it", "no node may have it"],
)
def test_a_pod_that_waits_to_be_placed_is_ahead(
    cpu: str,
    selector: dict[str, str],
    seconds: int,
    cluster: Api,
    asked: tuple[object, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster.has(GRAPHS)
    before = lines(run_json(capsys, *asked))["team/new"]
    cluster.has(paths.PODS, {
        "metadata": {
            "name": "big", "namespace": "team", "uid": "big", "resourceVersion": "1", "labels": {"bayplan.dev/priority": "9"},
        },
        "spec": {
            "schedulingGates": [{"name": "bayplan.dev/placement"}], "activeDeadlineSeconds": 3600, "nodeSelector": selector,
            "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}],
        },
        "status": {"phase": "Pending"},
    })  # fmt: skip
    found = lines(run_json(capsys, *asked))["team/new"]
    assert (found["position"], found["ahead"]) == (1, "no graph is ahead"), "a pod is no graph"
    first, then = (datetime.fromisoformat(each["p50"]).timestamp() for each in (before, found))
    assert then - first == pytest.approx(seconds, abs=60)


def test_a_graph_without_a_name_is_called_like_its_file(tmp_path: Path) -> None:
    (tmp_path / "nightly.yaml").write_text(GRAPH.replace("name: %s, ", "generateName: nightly-, ") % ("team", 0, "q"))
    (graph,) = asked_by([tmp_path / "nightly.yaml"], 0.0).graphs
    assert (graph["metadata"]["namespace"], graph["metadata"]["name"]) == ("team", "nightly")
