"""Nodes that die, go, or are drained: their tasks run elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.cluster.kube import Kube, task, wait_for
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

KIND = NodeKind("victim", 4, "16Gi", labels={"test": "nodes"})
SELECTED = {"nodeSelector": {"test": "nodes"}}
REACTION = 10.0
"""Seconds from the instant at which the API server shows it until the replacement is seen: a moment, on a busy machine too,
beside the 30 s of grace that a policy gives where it says nothing."""


@pytest.fixture
def nodes(simulated: Testbed, kube: Kube) -> Iterator[list[str]]:
    kube.create_policy("quick", nodeLossGrace="0s")
    names = simulated.add_nodes(KIND, 2)
    yield names
    for name in names:
        simulated.delete_node(name)
    kube.delete_policy("quick")


def only_node(kube: Kube, graph: str) -> str:
    (pod,) = kube.wait_running(graph)
    return str(pod.spec.node_name)


def wait_replaced(kube: Kube, graph: str, incarnation: int = 2) -> float:
    """When the replacement was first seen (monotonic clock)."""

    def look() -> bool:
        return any(pod.metadata.labels["bayplan.dev/incarnation"] == str(incarnation) for pod in kube.pods(graph))

    wait_for(look, "the replacement is created")
    return time.monotonic()


def test_a_node_that_dies_in_mid_run_loses_its_tasks_to_another(simulated: Testbed, kube: Kube, nodes: list[str]) -> None:
    kube.create("g", task("a", seconds=None, pod=SELECTED), task("b", "a", pod=SELECTED), policyName="quick")
    dead = only_node(kube, "g")
    simulated.kill_node(dead)

    def shown() -> bool:
        ready = next(c for c in kube.core.read_node(dead).status.conditions if c.type == "Ready")
        return bool(ready.status != "True")

    wait_for(shown, "the API server shows the loss")
    shown_at = time.monotonic()
    assert wait_replaced(kube, "g") - shown_at < REACTION
    kube.finish(kube.wait_attempt("g", 2))
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 2/0")
    assert dead not in kube.lines("g")["a"]
    simulated.revive_node(dead)


def test_what_a_lost_node_says_later_is_ignored(simulated: Testbed, kube: Kube, nodes: list[str]) -> None:
    kube.create("g", task("a", seconds=None, pod=SELECTED), policyName="quick")
    (first,) = kube.wait_running("g")
    dead = first.spec.node_name
    simulated.kill_node(dead)
    wait_replaced(kube, "g")
    simulated.revive_node(dead)  # its pod may now end as it likes
    wait_for(lambda: first.metadata.uid not in {pod.metadata.uid for pod in kube.pods("g")}, "the attempt given up is gone")
    kube.finish(kube.wait_attempt("g", 2))
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 2/0")


def test_a_node_that_is_deleted(simulated: Testbed, kube: Kube, nodes: list[str]) -> None:
    kube.create("g", task("a", seconds=None, pod=SELECTED))
    gone = only_node(kube, "g")
    simulated.delete_node(gone)
    deleted_at = time.monotonic()
    assert wait_replaced(kube, "g") - deleted_at < REACTION
    kube.finish(kube.wait_attempt("g", 2))
    kube.wait_condition("g", "Complete")
    assert gone not in kube.lines("g")["a"]


def test_cordon_and_drain(simulated: Testbed, kube: Kube, nodes: list[str]) -> None:
    kube.create("g", task("a", seconds=None, pod=SELECTED, shards=3))
    pods = kube.wait_running("g", count=3)
    drained = pods[0].spec.node_name
    assert {pod.spec.node_name for pod in pods} == {drained}
    simulated.kubectl("cordon", drained)
    for pod in pods:
        eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=pod.metadata.name, namespace=kube.namespace))
        kube.core.create_namespaced_pod_eviction(pod.metadata.name, kube.namespace, eviction)

    def moved() -> list[Any] | None:
        running = [pod for pod in kube.pods("g") if pod.status.phase == "Running" and pod.spec.node_name != drained]
        return running if len(running) == 3 else None

    kube.finish(*wait_for(moved, "all run elsewhere"))
    kube.wait_condition("g", "Complete")
    entries = kube.lines("g")["a"].split(" | ")
    assert all(entry.startswith("Succeeded 2/0") and drained not in entry for entry in entries)


def test_a_node_that_comes_is_used_at_once(simulated: Testbed, kube: Kube) -> None:
    kube.create("g", task("a", pod={"nodeSelector": {"test": "late"}}))
    assert kube.wait_condition("g", "Waiting")["reason"] == "NoSuchNode"
    (name,) = simulated.add_nodes(NodeKind("late", 4, "16Gi", labels={"test": "late"}), 1)
    kube.wait_condition("g", "Complete", timeout=60)  # the next list of all things that could show it comes much later
    simulated.delete_node(name)


def test_pods_do_not_outstay_the_grace_on_a_node_that_is_away(kube: Kube) -> None:
    kube.create("g", task("a", seconds=None))
    (pod,) = kube.wait_running("g")
    away = {t.key: t.toleration_seconds for t in pod.spec.tolerations or [] if t.effect == "NoExecute"}
    assert away == {"node.kubernetes.io/not-ready": 30, "node.kubernetes.io/unreachable": 30}
