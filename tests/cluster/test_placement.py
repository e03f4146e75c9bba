"""Where pods go, as the API server shows it: packing, capacity, priority, and what kube-scheduler refuses."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.cluster.kube import PATIENCE, Kube, task, wait_for
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[str]:
    """The label value of four nodes of 8 cores and 2 GPUs that only this test uses."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names = simulated.add_nodes(NodeKind(value, 8, "32Gi", gpus={"nvidia.com/gpu": 2}, labels={"pool": value}), 4)
    yield value
    for graph in kube.graphs():
        kube.delete(graph["metadata"]["name"])
    wait_for(lambda: not kube.pods(), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


def selected(pool: str) -> dict[str, Any]:
    return {"nodeSelector": {"pool": pool}}


def test_no_node_is_ever_over_committed_while_others_place_pods_too(kube: Kube, pool: str) -> None:
    stop = threading.Event()

    def foreign() -> None:
        number = 0
        while not stop.is_set():
            container = client.V1Container(
                name="c", image="none", resources=client.V1ResourceRequirements(requests={"cpu": "1500m"})
            )
            spec = client.V1PodSpec(containers=[container], node_selector={"pool": pool}, restart_policy="Never")
            meta = client.V1ObjectMeta(name=f"foreign{number}", annotations={"sim.bayplan.dev/seconds": "1"})
            kube.core.create_namespaced_pod(kube.namespace, client.V1Pod(metadata=meta, spec=spec))
            number += 1
            time.sleep(0.15)

    thread = threading.Thread(target=foreign)
    thread.start()
    try:
        for number in range(6):
            kube.create(f"g{number}", task("a", cpu="1300m", seconds=0.5, shards=12, pod=selected(pool)))
        deadline = time.monotonic() + 2 * PATIENCE
        while any("completionTime" not in graph.get("status", {}) for graph in kube.graphs()):
            assert time.monotonic() < deadline, "the graphs do not finish beside the foreign pods"
            used: defaultdict[str, float] = defaultdict(float)
            for pod in kube.core.list_namespaced_pod(kube.namespace).items:
                if pod.spec.node_name and pod.status.phase in ("Pending", "Running"):
                    used[pod.spec.node_name] += sum(_cores(c.resources.requests["cpu"]) for c in pod.spec.containers)
            assert all(cores <= 8.0 + 1e-9 for cores in used.values()), dict(used)
    finally:
        stop.set()
        thread.join()


def _cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def test_pods_that_want_the_same_host_port_go_to_nodes_of_their_own(kube: Kube, pool: str) -> None:
    container = {"image": "none", "resources": {"requests": {"cpu": "1"}}, "ports": [{"containerPort": 80, "hostPort": 8080}]}
    pod = {**selected(pool), "containers": [container]}
    kube.create("g", task("a", seconds=None, pod=pod, shards=3))
    kube.finish(*kube.wait_running("g", count=3))
    kube.wait_condition("g", "Complete")
    entries = kube.lines("g")["a"].split(" | ")
    assert len({entry.split()[2] for entry in entries}) == 3
    assert all(entry.split()[1].endswith("/0") for entry in entries), "a refusal is no failure of the task"


def test_where_every_node_is_refused_the_task_waits_with_kube_schedulers_words(kube: Kube, pool: str) -> None:
    """A claim that is not there: only kube-scheduler looks for it."""
    claim = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "nowhere"}}]}
    kube.create("g", task("a", seconds=None, pod={**selected(pool), **claim}))

    def told() -> bool:
        waiting = kube.condition("g", "Waiting")
        return waiting is not None and waiting["status"] == "True" and '"nowhere" not found' in waiting["message"]

    wait_for(told, "kube-scheduler's own message is shown")


def test_pods_of_others_count_as_used(kube: Kube, pool: str) -> None:
    container = client.V1Container(name="c", image="none", resources=client.V1ResourceRequirements(requests={"cpu": "7"}))
    for number in range(4):
        spec = client.V1PodSpec(containers=[container], node_selector={"pool": pool})
        pod = client.V1Pod(metadata=client.V1ObjectMeta(name=f"other{number}"), spec=spec)
        kube.core.create_namespaced_pod(kube.namespace, pod)

    def spread() -> bool:
        pods = kube.core.list_namespaced_pod(kube.namespace).items
        return len(Counter(pod.spec.node_name for pod in pods if pod.spec.node_name)) == 4

    wait_for(spread, "the others are bound")
    kube.create("g", task("a", cpu="2", pod=selected(pool)))
    waiting = kube.wait_condition("g", "Waiting")
    assert waiting["reason"] == "NoCapacity"
    assert "4 " in waiting["message"]
    assert "cpu" in waiting["message"]
    for number in range(4):
        kube.core.delete_namespaced_pod(f"other{number}", kube.namespace)
    kube.wait_condition("g", "Complete")


def test_what_is_refused_to_one_graph_is_not_held_against_another(kube: Kube, pool: str, policy: str) -> None:
    """A claim that does not exist keeps its own pods from every node, and nobody else's."""
    claim = {"name": "v", "persistentVolumeClaim": {"claimName": "missing"}}
    kube.create_policy(policy, preset="BestFit")
    held = {**selected(pool), "volumes": [claim]}
    kube.create("claims", task("a", cpu="1", seconds=None, shards=4, pod=held), policyName=policy)
    wait_for(lambda: "claim" in (kube.condition("claims", "Waiting") or {}).get("message", ""), "the claim is named")
    kube.create("plain", task("a", cpu="1", pod=selected(pool)), policyName=policy)
    kube.wait_condition("plain", "Complete")
    (pod,) = kube.pods("plain")
    why = pod.metadata.annotations["bayplan.dev/why"]
    assert re.search(r"\b4 of \d+ nodes fit", why), f"none of the four was left out for it: {why}"
