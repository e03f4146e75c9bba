"""An eviction on a real API server: marked, ended with its grace by a kubelet, recorded, and the room used."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayplan_operator.cli import main
from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[str]:
    """A queue and a node of 8 cores that only this test uses."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    (node,) = simulated.add_nodes(NodeKind(value, 8, "32Gi", labels={"pool": value}), 1)
    spec = {"namespaceSelector": {}, "preemption": {"withinQueue": "LowerPriority", "maxGrace": "10s"}}
    queue = {"apiVersion": "bayplan.dev/v1alpha1", "kind": "Queue", "metadata": {"name": value}, "spec": spec}
    simulated.kubectl("create", "-f", "-", input=json.dumps(queue))
    yield value
    kube.delete_all()
    simulated.kubectl("delete", "queue.bayplan.dev", value, "--wait=false")
    wait_for(lambda: not kube.pods(), "the pods are gone", timeout=60)
    simulated.delete_node(node)


def test_the_lower_priority_makes_room(
    simulated: Testbed, kube: Kube, pool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    selected = {"nodeSelector": {"pool": pool}}
    kube.create("low", task("t", cpu="6", seconds=None, pod=selected), queueName=pool, retry={"limit": 0})
    (victim,) = kube.wait_running("low")
    high: Object = {"tasks": [task("t", cpu="6", seconds=2.0, pod=selected)], "queueName": pool, "priority": 5}
    path = tmp_path / "graph.json"
    metadata = {"name": "high", "namespace": kube.namespace}
    path.write_text(json.dumps({"apiVersion": "bayplan.dev/v1alpha1", "kind": "TaskGraph", "metadata": metadata, "spec": high}))
    assert main(["plan", "-f", str(path), "--preempt", "--kubeconfig", str(simulated.kubeconfig), "-o", "json"]) == 0
    (start,) = json.loads(capsys.readouterr().out)["starts"]
    assert [pod["pod"] for unit in start["evicts"] for pod in unit["pods"]] == [victim.metadata.name]
    assert kube.pods("high") == []
    kube.create("high", *high.pop("tasks"), **high)
    kube.wait_condition("high", "Complete")
    kube.wait_event("Preempted", "low")
    evicted = next((pod for pod in kube.pods("low") if pod.metadata.name == victim.metadata.name), None)
    if evicted is not None:  # its finalizer goes with the record
        assert evicted.metadata.annotations["bayplan.dev/preempted-by"] == f"{kube.namespace}/high/t"
    kube.wait_attempt("low", 2)
    wait_for(lambda: kube.lines("low")["t"].startswith("Running 2/0"), "the record says so, and that no retry is spent")
    assert kube.graph("low")["status"]["evictions"][0].startswith("t/0 1 ")
    assert not kube.graph("high")["status"].get("holds")
