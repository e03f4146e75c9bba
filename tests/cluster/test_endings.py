"""How pods end that have sidecars, that webhooks hold back, that the cluster evicts, or that say another end later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from tests.cluster.kube import Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def nodes(simulated: Testbed) -> Iterator[Any]:
    """Adds nodes of a case, which go at the end of the test."""
    made: list[str] = []

    def add(case: str, cpu: int, count: int = 1) -> list[str]:
        names = simulated.add_nodes(NodeKind(f"case{case}", cpu, "16Gi", labels={"case": case}), count)
        made.extend(names)
        return names

    yield add
    for name in made:
        simulated.delete_node(name)


def create(kube: Kube, case: str, name: str) -> None:
    """A graph of a case, in the test's own namespace."""
    documents = list(yaml.safe_load_all((CASES / case / "graph.yaml").read_text()))
    (found,) = [each for each in documents if each["metadata"]["name"] == name]
    kube.create(name, *found["spec"].pop("tasks"), **found["spec"])


# Sidecars


def ends(kube: Kube, pod: Any, phase: str, main: Object, after: float) -> None:
    """As its kubelet says it: the main container ended so many seconds after its start, and now the sidecar is stopped."""
    started = pod.status.container_statuses[0].state.running.started_at
    common = {"image": "busybox:1.36", "imageID": "", "ready": False, "restartCount": 0}
    ran = {"startedAt": stamp(started), "finishedAt": stamp(started + timedelta(seconds=after))}
    stopped = {"exitCode": 143, "reason": "Error", "startedAt": stamp(started), "finishedAt": stamp(datetime.now(UTC))}
    status = {
        "phase": phase,
        "initContainerStatuses": [{"name": "proxy", **common, "state": {"terminated": stopped}}],
        "containerStatuses": [{"name": "main", **common, "state": {"terminated": {**main, **ran}}}],
    }
    kube.core.patch_namespaced_pod_status(pod.metadata.name, kube.namespace, {"status": status})


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_main_containers_failure_is_told_and_not_that_of_the_sidecar(kube: Kube, nodes: Any) -> None:
    nodes("18", 4)
    create(kube, "sidecar-exit-code", "with-proxy")
    (pod,) = kube.wait_running("with-proxy")
    ends(kube, pod, "Failed", {"exitCode": 3, "reason": "Error", "message": "input is missing"}, 1)
    failed = kube.wait_condition("with-proxy", "Failed")
    assert failed["message"] == f"task work failed on node {pod.spec.node_name} with exit code 3: Error: input is missing"


def test_the_main_containers_run_is_learned_and_not_that_of_the_sidecar(kube: Kube, nodes: Any) -> None:
    nodes("18", 4)
    create(kube, "sidecar-exit-code", "with-proxy")
    (pod,) = kube.wait_running("with-proxy")
    began = pod.status.container_statuses[0].state.running.started_at
    wait_for(lambda: datetime.now(UTC) > began + timedelta(seconds=8), "the sidecar has run for 8 s")
    ends(kube, pod, "Succeeded", {"exitCode": 0, "reason": "Completed"}, 1)
    kube.wait_condition("with-proxy", "Complete")
    assert float(kube.lines("with-proxy")["work"].rsplit("+", 1)[1]) <= 2.0


# Gates


def test_a_gate_of_a_webhook_is_named_holds_no_room_for_ever_and_lets_pods_run(
    kube: Kube, nodes: Any, simulated: Testbed, operator: OperatorProcess
) -> None:
    nodes("27", 4)
    beside = Kube(simulated.kubeconfig, "default")
    policy = str(CASES / "gated-by-webhook/policy.yaml")
    simulated.kubectl("label", "namespace", kube.namespace, "queue.example/gated=true")
    simulated.kubectl("apply", "-f", policy)
    try:
        wait_for(lambda: gated(kube), "the policy is in force")
        with pytest.raises(client.ApiException, match="schedulingGates"):
            gated(kube, "some-node")
        create(kube, "gated-by-webhook", "queued")
        waiting = wait_for(
            lambda: (found := kube.condition("queued", "Waiting")) and found["reason"] == "SchedulingGated" and found,
            "the gate is the reason",
        )
        assert "scheduling gate queue.example/admission is taken off" in waiting["message"]
        create(beside, "gated-by-webhook", "beside-it")
        beside.wait_condition("beside-it", "Complete")
        assert not [pod for pod in kube.pods("queued") if pod.spec.node_name]

        def let_go() -> bool:
            for pod in kube.pods("queued"):
                if pod.spec.scheduling_gates and not pod.metadata.deletion_timestamp:
                    remove = [{"op": "remove", "path": "/spec/schedulingGates"}]
                    kube.core.patch_namespaced_pod(pod.metadata.name, kube.namespace, remove)
            condition = kube.condition("queued", "Complete")
            return condition is not None

        wait_for(let_go, "the gated pods have run")
        assert kube.lines("queued")["part"].count("/0 ") == 4, "no retry was spent"
    finally:
        beside.delete("beside-it")
        simulated.kubectl("delete", "-f", policy)
        wait_for(lambda: not beside.pods("beside-it"), "its pods are gone")


def gated(kube: Kube, node: str | None = None) -> bool:
    """Whether a pod would be gated that is for kube-scheduler to bind, or is bound already."""
    spec = client.V1PodSpec(containers=[client.V1Container(name="main", image="none")], node_name=node)
    pod = client.V1Pod(metadata=client.V1ObjectMeta(name="tried"), spec=spec)
    return bool(kube.core.create_namespaced_pod(kube.namespace, pod, dry_run="All").spec.scheduling_gates)


# Evictions


def test_a_drain_and_a_taint_are_told_as_what_they_are(kube: Kube, nodes: Any) -> None:
    first, second = nodes("evictions", 4, 2)
    kube.create("g", task("a", seconds=None, pod={"nodeSelector": {"case": "evictions"}}), retry={"limit": 0})
    (pod,) = kube.wait_running("g")
    drained = pod.spec.node_name
    metadata = client.V1ObjectMeta(name=pod.metadata.name)
    kube.core.create_namespaced_pod_eviction(pod.metadata.name, kube.namespace, client.V1Eviction(metadata=metadata))
    tainted = kube.wait_attempt("g", 2).spec.node_name
    taint = {"key": "maintenance", "effect": "NoExecute"}
    kube.core.patch_node(tainted, {"spec": {"taints": [taint]}})
    wait_for(lambda: len(told(kube)) == 2, "both are told")
    assert {drained, tainted} == {first, second}
    assert told(kube) == {
        f"task a: evicted from node {drained} by the Eviction API, as a drain does (EvictionByEvictionAPI)",
        f"task a: evicted from node {tainted} by a NoExecute taint (DeletionByTaintManager)",
    }


def told(kube: Kube) -> set[str]:
    """What the events say of attempts that ended."""
    events = kube.core.list_namespaced_event(kube.namespace, field_selector="reason=AttemptEnded").items
    return {event.message for event in events}


# An end that is said later


@pytest.mark.parametrize("emptied", [False, True])
def test_a_pod_that_had_succeeded_and_says_later_that_it_failed(
    kube: Kube, nodes: Any, operator: OperatorProcess, emptied: bool
) -> None:
    """As after a restart of its kubelet. `emptied`: nobody but the pod remembers; then the task may run again."""
    nodes("28", 8)
    create(kube, "succeeded-turns-failed", "already-done")
    kube.wait_running("already-done", "second")
    wait_for(lambda: kube.lines("already-done")["first"].startswith("Succeeded 1/0"), "its success is recorded")
    (pod,) = kube.pods("already-done", "first")
    why = {"reason": "UnexpectedAdmissionError", "message": "Allocate failed due to requested number of devices unavailable"}
    kube.core.patch_namespaced_pod_status(pod.metadata.name, kube.namespace, {"status": {"phase": "Failed", **why}})
    operator.kill()
    if emptied:
        kube.custom.patch_namespaced_custom_object_status(
            "bayplan.dev", "v1alpha1", kube.namespace, "taskgraphs", "already-done", {"status": {"tasks": None}}
        )
    operator.restart()
    operator.wait_until_leading()
    kube.finish(*kube.wait_running("already-done", "second"))
    kube.wait_condition("already-done", "Complete")
    status = kube.graph("already-done")["status"]
    assert status["progress"] == "2/2"
    if not emptied:
        assert kube.lines("already-done")["first"].startswith("Succeeded 1/0")
        assert len(kube.pods("already-done", "first")) == 1


# Namespaces


def test_a_namespace_that_is_deleted_goes_with_its_graphs_and_delays_no_other(
    kube: Kube, nodes: Any, simulated: Testbed
) -> None:
    """Its pods are released, though none of the API server's refusals in a namespace that ends lets one be created again."""
    nodes("26", 16)
    ending = Kube(simulated.kubeconfig, f"{kube.namespace}-ending")
    simulated.kubectl("create", "namespace", ending.namespace)
    wait_for(lambda: ending.core.list_namespaced_service_account(ending.namespace).items, "the service account")
    create(ending, "namespace-deleted", "running")
    create(kube, "namespace-deleted", "elsewhere")
    ending.wait_running("running", "long", count=3)
    simulated.kubectl("delete", "namespace", ending.namespace, "--wait=false")

    def gone() -> bool:
        return ending.namespace not in {each.metadata.name for each in kube.core.list_namespace().items}

    wait_for(gone, "the namespace is gone")
    kube.wait_condition("elsewhere", "Complete")
