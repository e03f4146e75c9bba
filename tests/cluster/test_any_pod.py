"""Pods that are no graph's, on the real API server, with the controllers of Jobs and Deployments and kube-scheduler."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.cluster.kube import Kube, wait_for, wait_still
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess
from tests.testbed.nodes import NodeKind
from tests.testbed.testbed import Testbed

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "any-pod.md"
EXAMPLES = ROOT / "examples" / "any-pod"
GATE, PLACED = "bayplan.dev/placement", "bayplan.dev/Placed"
REQUIRED = "required_during_scheduling_ignored_during_execution"


@pytest.fixture
def pool(simulated: Testbed, kube: Kube) -> Iterator[list[str]]:
    """Three nodes of 4 cores, with the label `pool`, that only this test uses."""
    value = f"pool-{uuid.uuid4().hex[:6]}"
    names = simulated.add_nodes(NodeKind(value, 4, "16Gi", labels={"pool": value}), 3)
    yield [value, *names]
    kube.core.delete_collection_namespaced_pod(kube.namespace, grace_period_seconds=0)
    wait_for(lambda: not all_pods(kube), "the pods are gone")
    for name in names:
        simulated.delete_node(name)


@pytest.fixture
def apply(testbed: Cluster, kube: Kube) -> Iterator[Any]:
    """Applies the manifests of a file; all that it has made goes at the end."""
    applied: list[Path] = []

    def run(path: Path) -> None:
        applied.append(path)
        testbed.kubectl("apply", "--namespace", kube.namespace, "--filename", str(path))

    yield run
    for path in applied:
        testbed.kubectl("delete", "--namespace", kube.namespace, "--filename", str(path), "--wait=true", "--ignore-not-found")
    wait_for(lambda: not all_pods(kube), "the pods are gone")


def all_pods(kube: Kube, selector: str = "") -> list[Any]:
    return list(kube.core.list_namespaced_pod(kube.namespace, label_selector=selector).items)


def create(kube: Kube, name: str, pool: list[str], cpu: str = "1", **spec: Any) -> None:
    labels, gates = spec.pop("labels", {}), spec.pop("gates", (GATE,))
    container = {"name": "c", "image": "none", "resources": {"requests": {"cpu": cpu}}}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {f"bayplan.dev/{label}": value for label, value in labels.items()}},
        "spec": {
            "schedulingGates": [{"name": each} for each in gates],
            "nodeSelector": {"pool": pool[0]},
            "containers": [container],
            "restartPolicy": "Never",
            **spec,
        },
    }
    kube.core.create_namespaced_pod(kube.namespace, body)


def read(kube: Kube, name: str) -> Any:
    return kube.core.read_namespaced_pod(name, kube.namespace)


def bound(kube: Kube, name: str) -> str:
    node: str = wait_for(lambda: read(kube, name).spec.node_name, f"pod {name} is bound")
    return node


def terms(kube: Kube, name: str) -> list[Any]:
    return list(getattr(read(kube, name).spec.affinity.node_affinity, REQUIRED).node_selector_terms)


def condition(pod: Any) -> Any:
    return next((each for each in pod.status.conditions or [] if each.type == PLACED), None)


def waits(kube: Kube, name: str, reason: str) -> str:
    found = wait_for(
        lambda: (said := condition(read(kube, name))) is not None and said.reason == reason and said, f"{name} waits: {reason}"
    )
    assert found.status == "False"
    message: str = found.message
    return message


def test_the_api_server_admits_the_narrowing_of_a_pod_without_affinity(kube: Kube, pool: list[str]) -> None:
    create(kube, "a", pool)
    node = bound(kube, "a")
    (term,) = terms(kube, "a")
    assert term.match_expressions is None
    assert [(each.key, each.operator, each.values) for each in term.match_fields] == [("metadata.name", "In", [node])]
    pod = read(kube, "a")
    assert (pod.spec.scheduling_gates, pod.status.nominated_node_name) == (None, None)
    assert (condition(pod).status, condition(pod).message) == ("True", f"queue default, node {node}")


def test_each_of_several_terms_is_narrowed_beside_a_node_selector(kube: Kube, pool: list[str]) -> None:
    chosen = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [pool[2]]}]}
    other = {"matchExpressions": [{"key": "nowhere", "operator": "Exists"}]}
    by_field = {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": [pool[1]]}], **other}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [other, chosen, {}, by_field]}}
    preferred = [{"weight": 1, "preference": {"matchExpressions": [{"key": "pool", "operator": "Exists"}]}}]
    affinity = {**required, "preferredDuringSchedulingIgnoredDuringExecution": preferred}
    create(kube, "a", pool, affinity={"nodeAffinity": affinity})
    assert bound(kube, "a") == pool[2]
    found = terms(kube, "a")
    fields = [[(each.operator, each.values) for each in term.match_fields or ()] for term in found]
    pin = ("In", [pool[2]])
    assert fields == [[pin], [pin], [], [("NotIn", [pool[1]]), pin]]
    assert [len(term.match_expressions or ()) for term in found] == [1, 1, 0, 1]


def test_the_api_server_admits_no_more_terms_and_no_change_of_one(kube: Kube, pool: list[str]) -> None:
    """What the narrowing goes by; with another gate in front, the operator leaves the pod alone."""
    term = {"matchExpressions": [{"key": "pool", "operator": "Exists"}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term, {}]}}
    create(kube, "a", pool, affinity={"nodeAffinity": required}, gates=("example.com/other", GATE))
    pin = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [pool[1]]}]}
    two = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [pool[1], pool[2]]}]}
    for wrong in ([{**term, **pin}], [{**term, **pin}, {}, pin], [{**term, **pin}, pin], [pin, {}], [{**term, **two}, {}]):
        with pytest.raises(ApiException) as error:
            narrow(kube, "a", wrong)
        assert error.value.status == 422, wrong
    narrow(kube, "a", [{**term, **pin}, {}])


def narrow(kube: Kube, name: str, wanted: list[Any]) -> None:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": wanted}}
    kube.core.api_client.set_default_header("Content-Type", "application/merge-patch+json")
    try:
        body = {"spec": {"affinity": {"nodeAffinity": required}}}
        kube.core.patch_namespaced_pod(name, kube.namespace, body, _content_type="application/merge-patch+json")
    finally:
        kube.core.api_client.default_headers.pop("Content-Type", None)


def test_another_gate_stays_until_its_own_program_takes_it_off(kube: Kube, pool: list[str]) -> None:
    create(kube, "a", pool, gates=("example.com/other", GATE))
    assert "another gate holds the pod back too: example.com/other" in waits(kube, "a", "SchedulingGated")
    kube.core.patch_namespaced_pod(
        "a", kube.namespace, {"spec": {"schedulingGates": [{"$patch": "delete", "name": "example.com/other"}]}}
    )
    bound(kube, "a")


def test_a_bad_label_is_told_by_condition_and_event(kube: Kube, pool: list[str]) -> None:
    create(kube, "bad", pool, labels={"queue": "no-such-queue"})
    create(kube, "good", pool)
    bound(kube, "good")
    words = waits(kube, "bad", "QueueNotFound")
    assert words.startswith('bayplan.dev/queue is "no-such-queue": there is no such Queue')
    (event,) = kube.wait_event("QueueNotFound", "bad")
    assert (event.message, event.type, event.involved_object.api_version) == (words, "Warning", "v1")


def test_no_node_is_over_committed_by_pods_at_the_gate(kube: Kube, pool: list[str]) -> None:
    for number in range(9):
        create(kube, f"p{number}", pool, cpu="1500m")  # two on each node
    wait_for(lambda: sum(bool(pod.spec.node_name) for pod in all_pods(kube)) == 6, "six are bound")
    still = wait_still(lambda: sorted(bool(pod.spec.node_name) for pod in all_pods(kube)), "those that are bound")
    assert still == [False] * 3 + [True] * 6
    assert len({pod.spec.node_name for pod in all_pods(kube) if pod.spec.node_name}) == 3
    unbound = next(pod.metadata.name for pod in all_pods(kube) if not pod.spec.node_name)
    assert "too little cpu" in waits(kube, unbound, "NoCapacity")


def test_the_job_of_the_docs_runs_to_its_end(kube: Kube, apply: Any) -> None:
    apply(EXAMPLES / "job.yaml")
    batch = client.BatchV1Api(kube.core.api_client)
    job = wait_for(
        lambda: (found := batch.read_namespaced_job("sweep", kube.namespace)).status.succeeded == 6 and found, "the Job ends"
    )
    assert job.status.failed is None
    assert all(condition(pod).status == "True" for pod in all_pods(kube, "job-name=sweep"))


def test_the_deployment_of_the_docs_gets_its_pods_and_their_successors(kube: Kube, apply: Any) -> None:
    apply(EXAMPLES / "deployment.yaml")

    def running() -> list[str] | None:
        names = [pod.metadata.name for pod in all_pods(kube, "app=serve") if pod.status.phase == "Running"]
        return names if len(names) == 2 else None

    first = wait_for(running, "two pods run")
    kube.core.delete_namespaced_pod(first[0], kube.namespace, grace_period_seconds=0)
    wait_for(lambda: (now := running()) is not None and first[0] not in now, "another pod has taken its place")


def test_the_gang_of_the_docs_starts_at_once(kube: Kube, apply: Any) -> None:
    apply(EXAMPLES / "gang.yaml")
    wait_for(lambda: len([pod for pod in all_pods(kube) if pod.status.phase == "Succeeded"]) == 4, "the four have ended")
    since = {condition(pod).last_transition_time for pod in all_pods(kube)}
    assert (max(since) - min(since)).total_seconds() <= 2


def test_what_waits_stays_while_the_operator_is_away_until_the_line_of_the_docs_lets_it_go(
    kube: Kube, operator: OperatorProcess, testbed: Cluster, pool: list[str]
) -> None:
    operator.stop()
    create(kube, "a", pool)
    create(kube, "b", pool, gates=("example.com/other", GATE))
    assert wait_still(lambda: [read(kube, name).spec.node_name for name in "ab"], "the pods") == [None, None]
    (lines,) = [each for each in re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.DOTALL) if "while read" in each]
    subprocess.run(["bash", "-ec", lines], env={**os.environ, **testbed.environment()}, check=True)
    bound(kube, "a")
    assert [gate.name for gate in read(kube, "b").spec.scheduling_gates] == ["example.com/other"]


def test_an_operator_that_is_killed_and_comes_back_places_each_once(
    kube: Kube, operator: OperatorProcess, pool: list[str]
) -> None:
    for number in range(6):
        create(kube, f"p{number}", pool)
    operator.kill()
    operator.restart()
    operator.wait_until_leading()
    for number in range(6):
        bound(kube, f"p{number}")
        assert len(terms(kube, f"p{number}")) == 1
