"""A graph from kubectl apply to its end, and what people can see of it."""

from __future__ import annotations

import time

from tests.cluster.kube import Kube, task, wait_for, wait_still
from tests.testbed.installation import OperatorProcess


def test_a_graph_runs_in_order_and_says_so(kube: Kube) -> None:
    kube.create("g", task("first"), task("side", "first", shards=3), task("last", "side"))
    kube.wait_condition("g", "Complete")
    status = kube.graph("g")["status"]
    assert status["progress"] == "3/3"
    assert status["summary"] == "Succeeded"
    assert status["observedGeneration"] == 1
    assert [line.split()[1] for line in status["tasks"]] == ["Succeeded"] * 3
    pods = {(p.metadata.labels["bayplan.dev/task"], p.metadata.labels["bayplan.dev/shard"]): p for p in kube.pods("g")}
    assert len(pods) == 5
    for shard in range(3):
        env = {each.name: each.value for each in pods["side", str(shard)].spec.containers[0].env}
        assert env["JOB_COMPLETION_INDEX"] == str(shard)
        assert env["BAYPLAN_SHARDS"] == "3"
        begun = pods["side", str(shard)].metadata.creation_timestamp
        assert begun >= pods["first", "0"].status.container_statuses[0].state.terminated.finished_at
    kube.wait_event("Succeeded")


def test_the_pod_is_pinned_and_kube_scheduler_binds_it(kube: Kube) -> None:
    required = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    nodes = len(kube.core.list_node().items)
    kube.create("g", task("a", seconds=None, pod={"affinity": affinity}))
    (pod,) = kube.wait_running("g")
    (term,) = pod.spec.affinity.node_affinity.required_during_scheduling_ignored_during_execution.node_selector_terms
    assert term.match_fields[0].values == [pod.spec.node_name]
    assert term.match_expressions[0].key == "kubernetes.io/hostname"
    assert pod.spec.priority_class_name == "bayplan"
    assert pod.spec.preemption_policy == "Never"
    scheduled = next(condition for condition in pod.status.conditions if condition.type == "PodScheduled")
    assert scheduled.status == "True"
    assert f"of {nodes} nodes fit" in pod.metadata.annotations["bayplan.dev/why"]


def test_direct_binding_sets_the_node_at_creation(kube: Kube) -> None:
    kube.create_policy("direct", binding="Direct")
    try:
        kube.create("g", task("a"), policyName="direct")
        kube.wait_condition("g", "Complete")
        (pod,) = kube.pods("g")
        assert pod.spec.node_name
        assert pod.spec.affinity is None
    finally:
        kube.delete_policy("direct")


def test_idle_the_operator_writes_nothing(kube: Kube, operator: OperatorProcess) -> None:
    kube.create("done", task("a"))
    kube.create("waits", task("a", cpu="10000"))
    kube.wait_condition("done", "Complete")
    kube.wait_condition("waits", "Waiting")
    wait_for(lambda: not any(pod.metadata.finalizers for pod in kube.pods("done")), "the finalizers are gone")
    wait_for(lambda: "estimateBasis" in kube.graph("waits").get("status", {}), "its end was estimated, or could not be")

    def state() -> list[str]:
        objects = [graph["metadata"]["resourceVersion"] for graph in kube.graphs()]
        objects += [pod.metadata.resource_version for pod in kube.pods()]
        return objects + [event.metadata.resource_version for event in kube.core.list_namespaced_event(kube.namespace).items]

    def ticks_of_six_seconds() -> float:
        before = operator.metric("bayplan_tick_seconds_count") or 0.0
        time.sleep(6)
        return (operator.metric("bayplan_tick_seconds_count") or 0.0) - before

    # What other tests have left behind may still be on its way out, which is work for it too.
    wait_for(lambda: ticks_of_six_seconds() < 60, "it does not spin")
    before = wait_still(state, "what is written of the graphs")
    ticks = ticks_of_six_seconds()
    assert state() == before
    assert ticks < 60, "it spins again"


def test_suspending_stops_the_pods_and_resuming_runs_them_again(kube: Kube) -> None:
    kube.create("g", task("a", seconds=None), task("b", "a"))
    kube.wait_running("g", "a")
    kube.patch("g", {"suspend": True})
    kube.wait_condition("g", "Suspended")
    wait_for(lambda: all(pod.status.phase != "Running" for pod in kube.pods("g")), "no pod runs")
    time.sleep(4)
    assert all(pod.status.phase != "Running" for pod in kube.pods("g"))
    kube.patch("g", {"suspend": False})
    kube.finish(kube.wait_attempt("g", 2, "a"))
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 2/0")


def test_deleting_in_mid_run_leaves_nothing(kube: Kube) -> None:
    kube.create("g", task("a", seconds=None, shards=4))
    kube.wait_running("g", count=4)
    kube.delete("g", "Foreground")
    wait_for(lambda: not kube.graphs() and not kube.pods(), "graph and pods are gone")
