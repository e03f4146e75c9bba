"""What was seen of the nodes counts in what is expected, and outlives the operator."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from kubernetes import client

from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.cluster import Cluster
from tests.testbed.installation import NAMESPACE, OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

RECORD = "bayplan-node-states"
UNREADABLE = "bayplan_node_record_failures_total"


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[tuple[str, list[str]]]:
    """Two nodes of a class of their own: its name, and theirs."""
    name = f"frail-{uuid.uuid4().hex[:6]}"
    labels = {"pool": name, "node.kubernetes.io/instance-type": name}
    nodes = simulated.add_nodes(NodeKind(name, 8, "32Gi", labels=labels), 2)
    yield name, nodes
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for node in nodes:
        simulated.delete_node(node)


@pytest.fixture
def record(testbed: Cluster, operator: OperatorProcess) -> Iterator[client.CoreV1Api]:
    """Access to the record; the operator begins without one, and leaves none."""
    core = Kube(testbed.kubeconfig, NAMESPACE).core

    def clear() -> None:
        operator.kill()
        if recorded(core):
            core.delete_namespaced_config_map(RECORD, NAMESPACE)
        operator.restart()
        operator.wait_until_leading()

    clear()
    yield core
    clear()


def recorded(core: client.CoreV1Api) -> dict[str, str]:
    """What the record says, per class of nodes; empty: there is no record."""
    found = core.list_namespaced_config_map(NAMESPACE, field_selector=f"metadata.name={RECORD}").items
    return {name: str(plain) for each in found for name, plain in json.loads(each.data["states.json"]).items()}


def long(pool: str) -> Object:
    return task("a", seconds=None, expectedDuration="10m", pod={"nodeSelector": {"pool": pool}})


def basis(kube: Kube, name: str) -> str:
    return str(wait_for(lambda: kube.graph(name).get("status", {}).get("estimateBasis"), "what the estimate is based on"))


def test_failures_count_in_estimates_also_those_that_an_operator_before_has_seen(
    kube: Kube, simulated: Testbed, operator: OperatorProcess, pool: tuple[str, list[str]], record: client.CoreV1Api
) -> None:
    name, nodes = pool
    kube.create("before", long(name))
    assert basis(kube, "before") == "from hints only"
    (pod,) = kube.wait_running("before")
    (victim,) = set(nodes) - {pod.spec.node_name}
    simulated.kill_node(victim)

    wait_for(lambda: "failing" in recorded(record).get(name, ""), "the failure is recorded")
    words = f"from hints only; failures of nodes of class {name} are counted"
    kube.create("after", long(name))
    assert basis(kube, "after") == words
    operator.kill()
    operator.restart()
    operator.wait_until_leading()
    kube.create("anew", long(name))
    assert basis(kube, "anew") == words
    assert operator.metric(UNREADABLE) == 0


def test_a_record_edited_into_nonsense_is_told_and_pods_are_placed(
    kube: Kube, operator: OperatorProcess, record: client.CoreV1Api
) -> None:
    operator.kill()
    nonsense = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=RECORD), data={"states.json": '{"a": {"seconds": 7}}'})
    record.create_namespaced_config_map(NAMESPACE, nonsense)
    operator.restart()
    operator.wait_until_leading()
    assert operator.metric(UNREADABLE) == 1
    told = "key states.json: class a: seconds is 7: it must be numbers by name; that is learned again"
    assert f"ConfigMap {NAMESPACE}/{RECORD}, {told}" in operator.log.read_text()
    kube.create("g", task("a"))
    kube.wait_condition("g", "Complete")
