"""The table of a plan on a cluster counts the quotas of its Queues, and what its pods hold of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.kube import paths
from tests.unit.cli.api_server import FORBIDDEN, GRAPHS, TEAM_GRAPHS, Api, api, kubeconfig
from tests.unit.cli.test_plan_line import DEFAULT, GRAPH, NODE, there
from tests.unit.cli.whatif_files import run, run_json, write

PLACED = "bayplan.dev/Placed"


def queue(name: str, cpu: str, **more: Any) -> dict[str, Any]:
    spec = {"namespaceSelector": {}, "quotas": [{"resource": "cpu", "nominal": cpu}], **more}
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "Queue",
        "metadata": {"name": name, "uid": name, "resourceVersion": "1"},
        "spec": spec,
    }


def pod(name: str, cpu: str, namespace: str = "team", queue: str = "", of: str = "", **status: Any) -> dict[str, Any]:
    """One that runs on the node. `queue`: what its label says; `of`: the UID of its graph."""
    owner = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "name": "g", "uid": of, "controller": True}
    labels = {"bayplan.dev/queue": queue} if queue else {}
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": name,
        "resourceVersion": "1",
        "labels": {**labels, **({"bayplan.dev/task": "a", "bayplan.dev/incarnation": "1"} if of else {})},
        "ownerReferences": [owner] if of else [],
    }
    return {
        "metadata": metadata,
        "spec": {"nodeName": "n", "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]},
        "status": {"phase": "Running", **status},
    }


@pytest.fixture
def cluster() -> Iterator[Api]:
    with api() as found:
        found.has(paths.NODES, NODE)
        found.has(paths.PODS)
        found.has(paths.PLACEMENT_POLICIES, DEFAULT)
        found.has(paths.QUEUES, queue("q", "2"))
        found.has(GRAPHS)
        found.has(TEAM_GRAPHS)
        yield found


class Plan:
    """Asks for a plan of a graph of two shards and one, of 1 CPU each, on the cluster."""

    def __init__(self, folder: Path, cluster: Api, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys
        self._cluster = "--kubeconfig", kubeconfig(folder, cluster.url), "--context", "near"

    def arguments(self, queue: str, more: str = "") -> tuple[Any, ...]:
        graph = write(self._folder, "g.yaml", GRAPH % ("new", "team", 5, queue) + more)
        return "plan", "-f", graph, *self._cluster

    def starts(self, queue: str, *more: str) -> list[tuple[str, float | None]]:
        found = run_json(self._capsys, *self.arguments(queue), *more)
        return [(each["task"], each["start"]) for each in found["attempts"]]

    def said(self, queue: str, *more: str, files: str = "") -> tuple[int, str, str]:
        return run(self._capsys, *self.arguments(queue, files), *more)


@pytest.fixture
def plan(tmp_path: Path, cluster: Api, capsys: pytest.CaptureFixture[str]) -> Plan:
    return Plan(tmp_path, cluster, capsys)


AT_ONCE = [("a", 0.0), ("a", 0.0), ("b", 2.0)]
IN_TURN = [("a", 0.0), ("a", 2.0), ("b", 4.0)]


def test_the_quota_of_a_queue_of_the_cluster_counts(cluster: Api, plan: Plan) -> None:
    assert plan.starts("q") == AT_ONCE
    cluster.has(paths.QUEUES, queue("q", "1"))
    assert plan.starts("q") == IN_TURN
    assert plan.said("q")[2] == ""


def test_the_queue_of_the_files_takes_its_place(cluster: Api, plan: Plan) -> None:
    own = "---\napiVersion: bayplan.dev/v1alpha1\nkind: Queue\nmetadata: {name: q}\nspec: {namespaceSelector: {}, quotas: %s}\n"
    code, out, err = plan.said("q", files=own % "[{resource: cpu, nominal: 0}]")
    assert (code, err) == (3, "")
    assert "QuotaExceeded" in out


PLACED_BY_US = {"conditions": [{"type": PLACED, "status": "True", "reason": "Placed", "message": "queue q, node n"}]}


@pytest.mark.parametrize(
    ("held", "graph"),
    [
        (pod("p", "1", queue="other", of="team-old"), there("old", 0)),
        (pod("p", "1", queue="q", of="gone"), None),
        (pod("p", "1", queue="other", **PLACED_BY_US), None),
    ],
    ids=["as its graph names it", "as its label says where the graph is gone", "as it was placed"],
)
def test_what_pods_hold_counts_in_their_queue(
    cluster: Api, plan: Plan, held: dict[str, Any], graph: dict[str, Any] | None
) -> None:
    if graph is not None:
        graph["spec"]["queueName"] = "q"
        cluster.has(GRAPHS, graph)
    cluster.has(paths.PODS, held)
    assert plan.starts("q") == IN_TURN


@pytest.mark.parametrize("label", ["", "q"], ids=["plain", "with a label that nothing bears out"])
def test_pods_that_bayplan_did_not_place_hold_no_queue(cluster: Api, plan: Plan, label: str) -> None:
    cluster.has(paths.PODS, pod("p", "1", queue=label))
    assert plan.starts("q") == AT_ONCE


def test_pods_of_graphs_without_a_queue_hold_the_queue_default(cluster: Api, plan: Plan) -> None:
    cluster.has(paths.QUEUES, queue("default", "2"))
    cluster.has(paths.PODS, pod("p", "1", of="gone"))
    assert plan.starts("default") == IN_TURN


def test_a_graph_that_waits_for_a_quota_that_others_hold_is_told_so(cluster: Api, plan: Plan) -> None:
    held = pod("p", "1", queue="q", of="mine"), pod("r", "1", "alpha", "q", of="theirs")
    cluster.has(paths.PODS, *held)
    code, out, err = plan.said("q")
    assert (code, err) == (3, "")
    rows = out.splitlines()
    assert rows[1].endswith("  QuotaExceeded: queue q")
    why = "QuotaExceeded: queue q: cpu: 2 of 2 used, 1 asked, 1 missing; held by namespace team: 1, by 1 other namespace: 1"
    assert f"\na and 1 more would get no place: {why}\n" in out
    assert "alpha" not in out
    assert "node" not in out.partition("Critical path")[0].replace("NODE", "")


STOPPED = {
    "a queue that is stopped": ({"stopPolicy": "Hold"}, "QueueStopped", "queue q lets nothing start: its stopPolicy is Hold"),
    "a queue of other namespaces": (
        {"namespaceSelector": {"matchLabels": {"team": "vision"}}},
        "QueueNotAllowed",
        "namespace team may not use queue q: its namespaceSelector is team=vision",
    ),
    "a queue without a parent": (
        {"parentName": "none"},
        "QueueStopped",
        "queue q: parentName is none, and there is no such queue",
    ),
    "a queue that cannot be used": ({"weight": -1}, "QueueStopped", "queue q: spec.weight"),
}


@pytest.mark.parametrize(("spec", "reason", "why"), STOPPED.values(), ids=STOPPED.keys())
def test_a_graph_that_its_queue_keeps_from_starting_is_told_so_once(
    spec: dict[str, Any], reason: str, why: str, cluster: Api, plan: Plan
) -> None:
    cluster.has(paths.QUEUES, queue("q", "0", **spec))
    code, out, err = plan.said("q")
    assert (code, err) == (3, "")
    assert out.count(f"\na and 1 more would get no place: {reason}: {why}") == 1
    assert out.count(why) == 1
    assert "in line" not in out
    assert plan.said("q", "--strict")[0] == 3


def test_of_several_graphs_the_others_go_on(cluster: Api, plan: Plan) -> None:
    other = "---\n" + GRAPH % ("other", "team", 1, "q")
    code, out, err = plan.said("nowhere", files=other)
    assert (code, err) == (3, "")
    why = 'spec.queueName is "nowhere": there is no such Queue; the Queues are "default", "q"'
    assert f"\nteam/new: would not complete\na and 1 more would get no place: QueueNotFound: {why}\n" in out
    assert "\nteam/other: would complete after 4s" in out


def test_who_may_not_list_queues_is_told_that_no_quota_counts(cluster: Api, plan: Plan) -> None:
    cluster.refuses(paths.QUEUES, 403, FORBIDDEN)
    cluster.has(paths.PODS, pod("p", "2", queue="q", of="old"))
    code, _, err = plan.said("q")
    assert code == 0
    assert err.splitlines() == [
        "bayplan: you may not list the Queues of the cluster: no quota of theirs counts in these times",
        "bayplan: you may not list the Queues or the TaskGraphs of the cluster: no place in the line is said",
    ]
    assert plan.said("q", "--strict")[0] == 2


def test_who_may_list_no_graphs_has_quotas_counted_by_the_labels_of_pods(cluster: Api, plan: Plan) -> None:
    for path in (GRAPHS, TEAM_GRAPHS):
        cluster.refuses(path, 403, FORBIDDEN)
    cluster.has(paths.PODS, pod("p", "2", queue="q", of="old"))
    code, out, err = plan.said("q")
    assert code == 3
    assert "QuotaExceeded: queue q: cpu: 2 of 2 used" in out
    assert "no quota" not in err


@pytest.mark.parametrize("more", [(), ("--preempt",)], ids=["plan", "plan --preempt"])
def test_who_may_not_list_namespaces_is_told_nothing_false_of_them(cluster: Api, plan: Plan, more: tuple[str, ...]) -> None:
    cluster.has(paths.QUEUES, queue("q", "1", namespaceSelector={"matchLabels": {"team": "vision"}}), queue("r", "1"))
    cluster.refuses(paths.NAMESPACES, 403, FORBIDDEN)
    code, out, err = plan.said("q", *more)
    assert code == 0
    assert err == (
        "bayplan: you may not list the namespaces: any namespace is taken to be let into queues whose namespaceSelector asks "
        "for labels\n"
    )
    assert "new" in out
    cluster.has(paths.QUEUES, queue("r", "1"))
    assert plan.said("r", *more)[2] == ""
