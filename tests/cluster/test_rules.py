"""Rules that keep it right, where no other file shows them: names, own writes, held outcomes, finalizers, sizes."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from kubernetes import client

from bayplan_operator import names
from tests.cluster.big_graph import WIDTH, big_graph
from tests.cluster.kube import GROUP, PATIENCE, VERSION, Kube, Object, task, wait_for
from tests.cluster.pod_log import PodLog
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

NODES, CORES = 5, 60


@pytest.fixture(scope="module")
def pool(testbed: Cluster) -> Iterator[list[str]]:
    """Five nodes of 60 cores that only these tests use."""
    if not isinstance(testbed, Testbed):
        pytest.skip("needs simulated nodes, which the cluster of KUBECONFIG does not have")
    kind = NodeKind(f"rules-{uuid.uuid4().hex[:4]}", CORES, "256Gi", labels={"pool": "rules"})
    added = testbed.add_nodes(kind, NODES)
    yield added
    for name in added:
        testbed.delete_node(name)


SELECTED: Object = {"nodeSelector": {"pool": "rules"}}


def finalizers(kube: Kube) -> list[str]:
    return [each for pod in kube.core.list_namespaced_pod(kube.namespace).items for each in pod.metadata.finalizers or ()]


def delete_all(kube: Kube, **which: str) -> None:
    options = client.V1DeleteOptions(grace_period_seconds=0)
    kube.core.delete_collection_namespaced_pod(kube.namespace, body=options, **which)


def test_names_are_short_and_distinct_and_say_nothing_that_the_labels_do_not(kube: Kube) -> None:
    """Rule 1: a readable prefix and a hash, at most 63 characters; what the pod is stands in its labels."""
    long = "g" + "x" * 62
    twins = ["t" + "y" * 61 + last for last in "ab"]
    kube.create(long, *(task(name, shards=2, seconds=0.2) for name in twins))
    kube.wait_condition(long, "Complete")
    pods = kube.pods(long)
    uid = kube.graph(long)["metadata"]["uid"]
    assert len({pod.metadata.name for pod in pods}) == 4
    for pod in pods:
        labels = pod.metadata.labels
        assert len(pod.metadata.name) <= 63
        assert pod.metadata.name.startswith("gxxx")
        assert labels["bayplan.dev/graph-uid"] == uid
        assert labels["bayplan.dev/task"] in twins
        assert labels["bayplan.dev/incarnation"] == "1"
        attempt = (labels["bayplan.dev/task"], int(labels["bayplan.dev/shard"]), 1)
        assert pod.metadata.name == names.pod_name(long, uid, *attempt)
        assert pod.metadata.annotations["bayplan.dev/template-hash"]


def test_a_graph_made_anew_under_its_name_gets_pods_of_its_own(kube: Kube) -> None:
    """Rule 1: the hash holds the graph's UID, so that a successor of the same name never finds the pods of the first."""
    kube.create("g", task("a", seconds=None))
    (first,) = kube.wait_running("g")
    kube.delete("g", "Background")
    uid = kube.create("g", task("a", seconds=0.5))["metadata"]["uid"]
    kube.wait_condition("g", "Complete")
    assert kube.lines("g")["a"].startswith("Succeeded 1/0")
    (second,) = [pod for pod in kube.pods("g") if pod.metadata.labels["bayplan.dev/graph-uid"] == uid]
    assert second.metadata.name != first.metadata.name


def test_own_writes_count_at_once(kube: Kube, pool: list[str]) -> None:
    """Rule 3: 300 pods onto nodes with exactly that room: none is made twice, none is taken back, no node gets one more."""
    log = PodLog(kube)
    half = [task(f"t{number:03d}", seconds=None, pod=SELECTED) for number in range(NODES * CORES // 2)]
    for name in ("g", "h"):
        kube.create(name, *half)
    everything = partial(kube.wait_running, count=NODES * CORES // 2)
    pods = [*everything("g"), *everything("h")]
    log.stop()
    assert Counter(pod.spec.node_name for pod in pods) == Counter(dict.fromkeys(pool, CORES))
    assert len(log.created()) == NODES * CORES, "a pod was made twice"
    assert {incarnation for _, _, incarnation in log.created().values()} == {"1"}
    unbound = [pod for _, pod in log.events if any(c.reason == "Unschedulable" for c in pod.status.conditions or ())]
    assert unbound == [], "kube-scheduler had to refuse one"
    kube.delete("g")
    kube.delete("h")
    delete_all(kube)  # the garbage collector takes its time


def test_nothing_is_decided_before_every_list_is_complete(kube: Kube, operator: OperatorProcess, pool: list[str]) -> None:
    """Rule 6: an operator that starts against full nodes knows that they are full."""
    operator.kill()
    kube.create("g", *(task(f"t{number}", seconds=0.5, pod=SELECTED) for number in range(20)))

    def foreign(number: int) -> None:
        requests = client.V1ResourceRequirements(requests={"cpu": f"{NODES * CORES * 1000 // 500}m"})
        spec = client.V1PodSpec(
            containers=[client.V1Container(name="c", image="none", resources=requests)],
            node_name=pool[number % NODES],
            termination_grace_period_seconds=0,
        )
        meta = client.V1ObjectMeta(name=f"foreign-{number}", labels={"foreign": "yes"})
        kube.core.create_namespaced_pod(kube.namespace, client.V1Pod(metadata=meta, spec=spec))

    with ThreadPoolExecutor(8) as creators:
        list(creators.map(foreign, range(500)))
    log = PodLog(kube)
    operator.restart()
    waiting = kube.wait_condition("g", "Waiting")
    assert waiting["reason"] == "NoCapacity"
    time.sleep(1.0)
    assert [pod.metadata.name for kind, pod in log.events if kind == "ADDED"] == [], "placed on a node that is full"
    delete_all(kube, label_selector="foreign=yes")
    kube.wait_condition("g", "Complete")
    log.stop()


def test_a_held_success_starts_its_successors_before_the_status_says_it(kube: Kube) -> None:
    """Rule 4: the finished pod is the durable record; its finalizer goes only after the status has been written."""
    log = PodLog(kube)
    kube.create("g", *(task(f"t{number}", *([f"t{number - 1}"] if number else []), seconds=0.2) for number in range(6)))
    kube.wait_condition("g", "Complete")
    wait_for(lambda: not finalizers(kube), "the finalizers are gone")
    log.stop()
    position: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, (kind, pod) in enumerate(log.events):
        seen = position[pod.metadata.labels["bayplan.dev/task"]]
        if kind == "ADDED":
            seen["created"] = number
        if pod.status.phase == "Succeeded":
            seen.setdefault("succeeded", number)
        if not pod.metadata.finalizers:
            seen.setdefault("released", number)
    for number in range(1, 6):
        parent, child = position[f"t{number - 1}"], position[f"t{number}"]
        assert parent["succeeded"] < child["created"]
        assert parent["succeeded"] < parent["released"]
    early = sum(position[f"t{number}"]["created"] < position[f"t{number - 1}"]["released"] for number in range(1, 6))
    assert early >= 1, "successors wait for the status: no one starts before its parent's is written"


def test_finalizers_end_although_nobody_was_there_when_the_graphs_went(
    testbed: Cluster, kube: Kube, operator: OperatorProcess
) -> None:
    """Rule 5: swept at start, however the graphs were deleted, and while a namespace terminates."""
    terminating = Kube(testbed.kubeconfig, f"{kube.namespace}-x")
    testbed.kubectl("create", "namespace", terminating.namespace)
    wait_for(lambda: terminating.core.list_namespaced_service_account(terminating.namespace).items, "its service account")
    ways = ("Background", "Foreground", "Orphan")
    for way in ways:
        kube.create(way.lower(), task("done", seconds=0.1), task("runs", seconds=None))
    terminating.create("g", task("done", seconds=0.1), task("runs", seconds=None))
    for way in ways:
        kube.wait_running(way.lower(), "runs")
    terminating.wait_running("g", "runs")
    operator.kill()
    for way in ways:
        kube.delete(way.lower(), way)
    testbed.kubectl("delete", "namespace", terminating.namespace, "--wait=false")
    gone = {"background", "orphan"}  # the one that is deleted in the foreground waits for its pods
    wait_for(lambda: not gone & {graph["metadata"]["name"] for graph in kube.graphs()}, "the graphs are gone")
    wait_for(lambda: all(p.metadata.deletion_timestamp for p in terminating.pods()), "the namespace's pods are being deleted")
    assert finalizers(kube)
    operator.restart()
    wait_for(lambda: not finalizers(kube), "no finalizer is left")
    wait_for(lambda: not kube.graphs(), "the graph deleted in the foreground is gone")

    def namespace_gone() -> bool:
        return terminating.namespace not in {each.metadata.name for each in kube.core.list_namespace().items}

    wait_for(namespace_gone, "the namespace is gone")
    orphans = kube.pods("orphan", "runs")
    assert [pod.metadata.owner_references for pod in orphans] == [None]
    assert orphans[0].metadata.deletion_timestamp is None, "whoever orphans a pod wants to keep it"
    delete_all(kube)


def test_what_a_template_may_not_say_is_set_by_us(kube: Kube) -> None:
    """Rule 9: finalizers and owners are pruned by the schema, and what a pod gets is ours."""
    given = task("a", seconds=0.2)
    given["template"]["metadata"] |= {"finalizers": ["x/y"], "ownerReferences": [{"name": "x"}]}
    kube.create("g", given)
    kube.wait_condition("g", "Complete")
    (pod,) = kube.pods("g")
    (owner,) = pod.metadata.owner_references
    assert (owner.kind, owner.name, owner.controller) == ("TaskGraph", "g", True)
    assert pod.spec.restart_policy == "Never"
    assert pod.spec.scheduler_name == "default-scheduler"
    wait_for(lambda: not finalizers(kube), "our finalizer is gone, and there was no other")


def test_a_large_graph_is_written_seldom_and_stays_small(kube: Kube, operator: OperatorProcess) -> None:
    """Rule 11: 5,000 tasks stay below 1 MB with status and managed fields; the larger the object, the rarer its writes."""
    kube.custom.create_namespaced_custom_object(GROUP, VERSION, kube.namespace, "taskgraphs", big_graph("large"))
    running = kube.wait_running("large", count=WIDTH)  # for ever, so that there is news of it as often as one is ended here
    kube.create("small", *(task(f"t{number}", *([f"t{number - 1}"] if number else []), seconds=0.4) for number in range(12)))
    written: defaultdict[str, set[str]] = defaultdict(set)
    begun = time.monotonic()

    def both_seen() -> bool:
        kube.finish(*running[:1])
        del running[:1]
        for name in ("large", "small"):
            written[name].add(kube.graph(name)["metadata"]["resourceVersion"])
        return kube.condition("small", "Complete") is not None and "status" in kube.graph("large")

    wait_for(both_seen, "a small graph does not wait for a large one")
    # About 9 s between two writes of this size; a small graph is written every second.
    assert len(written["large"]) <= 2 + (time.monotonic() - begun) / 5, "most of a megabyte, written again and again"
    assert len(written["small"]) >= 4

    def recorded() -> bool:
        time.sleep(2.0)  # to look is work for the API server, too
        return any("Succeeded" in line for line in kube.lines("large").values())

    wait_for(recorded, "progress is recorded", timeout=2 * PATIENCE)
    stored = kube.graph("large")
    assert kube.condition("large", "Accepted")["status"] == "True"  # type: ignore[index]
    assert len(stored["status"]["tasks"]) == 5000
    assert len(json.dumps(stored, separators=(",", ":"))) < 1_000_000
    assert (operator.metric("bayplan_status_bytes_total") or 0) > 0
    kube.delete_all()
    delete_all(kube)
