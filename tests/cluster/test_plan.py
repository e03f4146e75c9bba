"""`bayplan plan` on a cluster that is there: its nodes, the pods on them, its policies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bayplan_operator.cli import main
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[list[str]]:
    """Two nodes of 8 cores that only this test uses."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names = simulated.add_nodes(NodeKind(value, 8, "32Gi", labels={"pool": value}), 2)
    yield names
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone", timeout=60)
    for name in names:
        simulated.delete_node(name)


def graph(pool: list[str], **spec: Any) -> Object:
    selected = {"nodeSelector": {"pool": pool[0].rpartition("-")[0]}}
    tasks = [
        task("a", cpu="6", seconds=10.0, pod=selected, expectedDuration="10s"),
        task("b", "a", cpu="6", seconds=5.0, pod=selected, expectedDuration="5s"),
    ]
    return {
        "apiVersion": "bayplan.dev/v1alpha1",
        "kind": "TaskGraph",
        "metadata": {"name": "planned"},
        "spec": {"tasks": tasks, **spec},
    }


def test_it_goes_where_others_leave_room_and_nothing_is_created(
    simulated: Testbed, kube: Kube, pool: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holder = task("holder", cpu="4", seconds=None, pod={"nodeSelector": {"kubernetes.io/hostname": pool[0]}})
    kube.create("holder", holder)
    kube.wait_running("holder")
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph(pool)))
    assert main(["plan", "-f", str(path), "--kubeconfig", str(simulated.kubeconfig), "-o", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [(each["task"], each["node"], each["start"], each["end"]) for each in plan["attempts"]] == [
        ("a", pool[1], 0.0, 10.0),
        ("b", pool[1], 10.0, 15.0),
    ]
    assert {node["name"] for node in plan["nodes"]} >= set(pool)
    assert [each["metadata"]["name"] for each in kube.graphs()] == ["holder"]


def test_the_quotas_are_the_clusters(
    simulated: Testbed, kube: Kube, pool: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"queue-{uuid.uuid4().hex[:6]}"
    spec = {"namespaceSelector": {}, "quotas": [{"resource": "cpu", "nominal": 8}]}
    body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Queue", "metadata": {"name": name}, "spec": spec}
    kube.custom.create_cluster_custom_object(GROUP, VERSION, "queues", body)
    try:
        holder = task("holder", cpu="4", seconds=None, pod={"nodeSelector": {"kubernetes.io/hostname": pool[0]}})
        kube.create("holder", holder, queueName=name)
        kube.wait_running("holder")
        path = tmp_path / "graph.json"
        path.write_text(json.dumps(graph(pool, queueName=name)))
        assert main(["plan", "-f", str(path), "--kubeconfig", str(simulated.kubeconfig)]) == 3
        told = capsys.readouterr().out
        assert f"a would get no place: QuotaExceeded: queue {name}: cpu: 4 of 8 used, 6 asked, 2 missing; held by " in told
        assert "1st in line" in told
    finally:
        kube.delete("holder")
        wait_for(lambda: not kube.pods(), "the pods are gone", timeout=60)
        kube.custom.delete_cluster_custom_object(GROUP, VERSION, "queues", name)


def test_the_policies_are_the_clusters(
    simulated: Testbed, kube: Kube, pool: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"policy-{uuid.uuid4().hex[:6]}"
    kube.create_policy(name, preset="RoundRobin")
    try:
        path = tmp_path / "graph.json"
        path.write_text(json.dumps(graph(pool, policyName=name)))
        arguments = ["plan", "-f", str(path), "--kubeconfig", str(simulated.kubeconfig)]
        assert main([*arguments, "-o", "json"]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert plan["policy"] == name
        assert plan["attempts"][0]["why"].startswith("round robin, turn 0")
    finally:
        kube.delete_policy(name)
    assert main(arguments) == 2
    assert "there is no such PlacementPolicy in the cluster or the files" in capsys.readouterr().err
