"""Tasks that fail: tried again with back-off, and at last in words."""

from __future__ import annotations

from kubernetes import client

from tests.cluster.kube import Kube, task, wait_for

FAILS = {"sim.bayplan.dev/exit-code": "3", "sim.bayplan.dev/message": "no such file"}


def test_a_failed_pod_is_tried_again_and_the_graph_finishes(kube: Kube) -> None:
    twice = {**FAILS, "sim.bayplan.dev/fail-incarnations": "1,2"}
    retry = {"limit": 2, "backoff": {"initial": "1s", "factor": 2}}
    kube.create("g", task("a", seconds=0.2, annotations=twice), task("b", "a"), retry=retry)
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 3/2")
    created = sorted(pod.metadata.creation_timestamp for pod in kube.pods("g", "a"))
    assert (created[2] - created[1]).total_seconds() >= 1.0, "the second wait is twice the first"
    told = [event.message for event in kube.wait_event("AttemptEnded")]
    assert any("task a" in message and "exit code 3" in message and "no such file" in message for message in told)


def test_a_task_that_fails_for_good_fails_the_graph_and_stops_the_rest(kube: Kube) -> None:
    kube.create(
        "g",
        task("bad", seconds=0.5, annotations=FAILS, retry={"limit": 1, "backoff": {"initial": "100ms"}}),
        task("long", seconds=None),
        task("after", "bad"),
    )
    failed = kube.wait_condition("g", "Failed")
    (where,) = [pod.spec.node_name for pod in kube.pods("g", "bad") if pod.metadata.labels["bayplan.dev/incarnation"] == "2"]
    assert failed["message"] == (
        f"task bad failed on node {where} with exit code 3, after 2 failed attempts: Error: no such file"
    )
    assert kube.graph("g")["status"]["summary"] == "Failed"
    assert kube.lines("g")["after"] == "Skipped"
    assert kube.pods("g", "after") == []
    wait_for(lambda: not kube.pods("g", "long"), "the long task's pod is gone")


def test_a_quota_is_waited_for(kube: Kube) -> None:
    spec = client.V1ResourceQuotaSpec(hard={"requests.cpu": "1"})
    kube.core.create_namespaced_resource_quota(
        kube.namespace, client.V1ResourceQuota(metadata=client.V1ObjectMeta(name="small"), spec=spec)
    )

    def counted() -> bool:
        status = kube.core.read_namespaced_resource_quota("small", kube.namespace).status
        return bool(status.hard)

    wait_for(counted, "the quota is in force")
    kube.create("g", task("a", cpu="2", seconds=0.5))

    def told() -> bool:
        waiting = kube.condition("g", "Waiting")
        return waiting is not None and "exceeded quota" in waiting["message"]

    wait_for(told, "the quota is named")
    kube.core.delete_namespaced_resource_quota("small", kube.namespace)
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].split()[1].endswith("/0")


def test_a_pod_that_somebody_deletes_is_replaced(kube: Kube) -> None:
    kube.create("g", task("a", seconds=None))
    (pod,) = kube.wait_running("g")
    kube.core.delete_namespaced_pod(pod.metadata.name, kube.namespace)
    kube.finish(kube.wait_attempt("g", 2))
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 2/0")
