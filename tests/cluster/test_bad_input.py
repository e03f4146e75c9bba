"""Graphs and policies that cannot work: each gets a sentence that says why, and none of them harms its neighbours."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.cluster.big_graph import big_graph
from tests.cluster.kube import GROUP, VERSION, Kube, Object, task, wait_for
from tests.testbed.cluster import Cluster
from tests.testbed.installation import OperatorProcess

IMAGE = "none"


def pod(**spec: Any) -> Object:
    """A task `a` whose pod says this."""
    return {"name": "a", "template": {"spec": {"containers": [{"image": IMAGE}], **spec}}}


def container(**fields: Any) -> Object:
    return pod(containers=[{"image": IMAGE, **fields}])


def asks(**requests: Any) -> Object:
    return container(resources={"requests": requests})


def metadata(**fields: Any) -> Object:
    return {"name": "a", "template": {"metadata": fields, "spec": {"containers": [{"image": IMAGE}]}}}


def preferred(weight: Any) -> Object:
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": weight, "preference": {}}]}}


def required(expression: Object) -> Object:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


INVALID: dict[str, tuple[list[Object], str, list[str]]] = {
    "cycle": ([task("a", "c"), task("b", "a"), task("c", "b")], "CycleFound", ["a → b → c → a"]),
    "cycle-behind": ([task("start"), task("x", "start", "y"), task("y", "x")], "CycleFound", ["x → y → x"]),
    "unknown": ([task("prepare"), task("train", "prepair")], "Invalid", ['"train"', '"prepair"', 'did you mean "prepare"?']),
    "no-template": (
        [{"name": "a", "templateName": "worker"}],
        "Invalid",
        ['spec.tasks[0].templateName is "worker": no such template', "there are no names in spec.templates"],
    ),
    "no-container": ([{"name": "a"}], "Invalid", ['spec.tasks[0] ("a") has no container']),
    "zero": ([asks(cpu="0")], "Invalid", ['spec.containers[0].resources.requests.cpu is "0": must be more than zero']),
    "negative": ([asks(cpu="-1")], "Invalid", ['resources.requests.cpu is "-1": must not be negative']),
    "malformed": ([asks(memory="4 Gigs")], "Invalid", ['resources.requests.memory is "4 Gigs": must be a quantity']),
    "half-a-gpu": ([asks(**{"nvidia.com/gpu": "0.5"})], "Invalid", ["must be a whole number: devices cannot be divided"]),
    "node-name": ([pod(nodeName="n1")], "Invalid", ["template.spec.nodeName is", "Bayplan chooses the node"]),
    "scheduler-name": ([pod(schedulerName="s")], "Invalid", ["spec.schedulerName is", "must be left out"]),
    "gates": ([pod(schedulingGates=[{"name": "x/y"}])], "Invalid", ["spec.schedulingGates is", "must be left out"]),
    "always": ([pod(restartPolicy="Always")], "Invalid", ['restartPolicy is "Always": must be "Never"']),
    "own-label": ([metadata(labels={"bayplan.dev/task": "z"})], "Invalid", ['labels has the key "bayplan.dev/task"']),
    "own-annotation": (
        [metadata(annotations={"bayplan.dev/node": "n"})], "Invalid", ['annotations has the key "bayplan.dev/node"']
    ),
    "own-count": (
        [container(env=[{"name": "BAYPLAN_SHARDS", "value": "8"}]) | {"shards": "Auto", "expectedDuration": "1m"}],
        "Invalid",
        ['spec.tasks[0] ("a") has shards: Auto and sets the environment variable BAYPLAN_SHARDS itself: leave it out'],
    ),
    "too-many-pods": (
        [{**pod(), "name": f"t{number}", "shards": "Auto", "expectedDuration": "1m"} for number in range(400)],
        "Invalid",
        ["may add up to 25600 pods, at most 20000 are allowed: lower autoShards.max, or split the graph"],
    ),
    # The API server takes any shape in a pod spec; nothing of it may reach code that expects another.
    "env-map": ([container(env={"A": "b"})], "Invalid", ["containers[0].env must be a list, not a map"]),
    "env-words": ([container(env=["A=b"])], "Invalid", ["containers[0].env[0] must be a map, not a string"]),
    "selector-number": ([pod(nodeSelector={"gpu": 1})], "Invalid", ["nodeSelector", "must be a string, not a whole number"]),
    "selector-map": ([pod(nodeSelector={"gpu": {"a": "b"}})], "Invalid", ["nodeSelector", "must be a string, not a map"]),
    "toleration": ([pod(tolerations=[{"key": ["a"]}])], "Invalid", ["tolerations[0].key must be a string, not a list"]),
    "tolerations": ([pod(tolerations="all")], "Invalid", ["tolerations must be a list, not a string"]),
    "affinity": ([pod(affinity=["a"])], "Invalid", ["affinity must be a map, not a list"]),
    "weight": ([pod(affinity=preferred("heavy"))], "Invalid", ["[0].weight must be a whole number, not a string"]),
    "values": (
        [pod(affinity=required({"key": "a", "operator": "In", "values": 5}))],
        "Invalid",
        ["matchExpressions[0].values must be a list, not a whole number"],
    ),
    "class": ([pod(priorityClassName=["a"])], "Invalid", ["priorityClassName must be a string, not a list"]),
    "account": ([pod(serviceAccountName={"a": "b"})], "Invalid", ["serviceAccountName must be a string, not a map"]),
    "init": ([pod(initContainers="first")], "Invalid", ["initContainers"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def crowd(testbed: Cluster, shared_operator: OperatorProcess) -> Iterator[Kube]:
    """A namespace with every invalid graph, and a good one created after them."""
    if not shared_operator.process.alive():
        shared_operator.restart()
    shared_operator.wait_until_leading()
    namespace = f"bad-{uuid.uuid4().hex[:8]}"
    testbed.kubectl("create", "namespace", namespace)
    kube = Kube(testbed.kubeconfig, namespace)
    wait_for(lambda: kube.core.list_namespaced_service_account(namespace).items, "the namespace's service account")
    for name, (tasks, _, _) in INVALID.items():
        kube.create(name, *tasks)
    kube.create("good", task("a"), task("b", "a"))
    yield kube
    testbed.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_graph_says_what_is_wrong_with_it(crowd: Kube, name: str) -> None:
    _, reason, words = INVALID[name]
    accepted = crowd.wait_condition(name, "Accepted", "False")
    assert accepted["reason"] == reason, accepted["message"]
    assert [part for part in words if part not in accepted["message"]] == [], accepted["message"]
    assert crowd.graph(name)["status"]["summary"] == "Invalid"
    assert crowd.pods(name) == []


def ticks_within(operator: OperatorProcess, seconds: float) -> float:
    before = operator.metric("bayplan_tick_seconds_count") or 0.0
    time.sleep(seconds)
    return (operator.metric("bayplan_tick_seconds_count") or 0.0) - before


def test_they_harm_nobody_and_cost_nothing(crowd: Kube, shared_operator: OperatorProcess) -> None:
    before = shared_operator.process
    crowd.wait_condition("good", "Complete")
    wait_for(lambda: not any(pod.metadata.finalizers for pod in crowd.pods("good")), "the finalizers are gone")
    wait_for(lambda: ticks_within(shared_operator, 3.0) < 30, "it does not spin")
    versions = {graph["metadata"]["name"]: graph["metadata"]["resourceVersion"] for graph in crowd.graphs()}
    assert ticks_within(shared_operator, 3.0) < 30, "it spins again"
    assert {graph["metadata"]["name"]: graph["metadata"]["resourceVersion"] for graph in crowd.graphs()} == versions
    errors = shared_operator.metric("bayplan_tick_errors_total")
    assert errors == 0, "a graph that could not be handled instead of one that is told what is wrong"
    assert shared_operator.process == before
    assert before.alive()


REFUSED: dict[str, tuple[str, list[Object], str]] = {
    "two tasks of one name": ("g", [task("a"), task("a")], 'spec.tasks[1]: Duplicate value: {"name":"a"}'),
    "a task that waits for itself": ("g", [task("a", "a")], "a task cannot depend on itself"),
    "too many tasks": ("g", big_graph("g", 5001)["spec"]["tasks"], "Too many: 5001: must have at most 5000 items"),
    "a name that is too long": ("g" * 64, [task("a")], "metadata.name must be at most 63 characters long"),
    "no task": ("g", [], "should have at least 1 items"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_api_server_refuses_does_not_come_into_being(crowd: Kube, what: str) -> None:
    name, tasks, sentence = REFUSED[what]
    with pytest.raises(ApiException) as refused:
        crowd.create(name, *tasks)
    assert refused.value.status == 422
    assert sentence in json.loads(refused.value.body)["message"]
    assert name not in {graph["metadata"]["name"] for graph in crowd.graphs()}


def test_an_unknown_field_is_named_by_kubectl_and_dropped_by_the_api(crowd: Kube, testbed: Cluster) -> None:
    body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "TaskGraph",
        "metadata": {"name": "fields", "namespace": crowd.namespace},
        "spec": {"tasks": [task("a", seconds=0.2)], "prioritiy": 5},
    }
    said = testbed.kubectl("create", "--filename", "-", input=json.dumps(body), check=False).stderr
    assert 'unknown field "spec.prioritiy"' in said
    crowd.custom.create_namespaced_custom_object(GROUP, VERSION, crowd.namespace, "taskgraphs", body)
    assert "prioritiy" not in crowd.graph("fields")["spec"]
    crowd.wait_condition("fields", "Complete")


def test_a_request_that_no_node_could_hold_waits_with_all_rejections_summed_up(crowd: Kube) -> None:
    nodes = len(crowd.core.list_node().items)
    resources = {"requests": {"cpu": "65"}, "limits": {"nvidia.com/gpu": "9"}}
    crowd.create("huge", task("a", pod={"containers": [{"image": "none", "resources": resources}]}))
    crowd.create("nowhere", task("a", pod={"nodeSelector": {"disk": "quantum"}}))
    huge = crowd.wait_condition("huge", "Waiting")
    assert huge["reason"] == "NoSuchNode"
    assert "task a" in huge["message"]
    assert "8 " in huge["message"]
    assert "4 have" in huge["message"]
    assert "taint" in huge["message"]
    nowhere = crowd.wait_condition("nowhere", "Waiting")
    assert nowhere["reason"] == "NoSuchNode"
    assert f"{nodes} do not match nodeSelector disk=quantum" in nowhere["message"]
    assert crowd.graph("nowhere")["status"]["waiting"] == "NoSuchNode 1"
    assert crowd.condition("nowhere", "Accepted")["status"] == "True"  # type: ignore[index]


def test_a_graph_without_its_policy_waits_for_it(crowd: Kube) -> None:
    crowd.create("early", task("a", seconds=0.2), policyName="later")
    try:
        accepted = crowd.wait_condition("early", "Accepted", "False")
        assert accepted["reason"] == "PolicyNotFound"
        assert 'spec.policyName is "later": there is no such PlacementPolicy; ' in accepted["message"]
        assert "default" in accepted["message"]
        assert crowd.graph("early")["status"]["waiting"] == "PolicyNotFound"
        crowd.create_policy("later")
        crowd.wait_condition("early", "Complete")
        assert crowd.condition("early", "Accepted")["status"] == "True"  # type: ignore[index]
    finally:
        crowd.delete_policy("later")


POLICIES: dict[str, tuple[Object, str, str]] = {
    "scorer": ({"scorers": [{"name": "BestFitt"}]}, 'spec.scorers[0].name is "BestFitt"', "BestFit"),
    "order": ({"order": ["Priority", "Agee"]}, 'spec.order[1] is "Agee"', "Age"),
    "planner": ({"planner": {"name": "Greedi"}}, 'spec.planner.name is "Greedi"', "Greedy"),
}


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_with_an_unknown_name_is_told_the_nearest(crowd: Kube, what: str) -> None:
    spec, where, nearest = POLICIES[what]
    name = f"bad-{what}"
    crowd.create_policy(name, **spec)
    try:
        crowd.create(name, task("a", seconds=0.2), policyName=name)

        def told() -> Object | None:
            conditions = crowd.policy(name).get("status", {}).get("conditions", [])
            return next((each for each in conditions if each["type"] == "Accepted"), None)

        accepted = wait_for(told, "the policy is judged")
        assert (accepted["status"], accepted["reason"]) == ("False", "Invalid")
        assert where in accepted["message"]
        assert f'did you mean "{nearest}"?' in accepted["message"]
        graph = crowd.wait_condition(name, "Accepted", "False")
        assert graph["reason"] == "PolicyInvalid"
        assert f"PlacementPolicy {name} cannot be used: {where}" in graph["message"]
        right = {"order": ["Age"], "scorers": [{"name": "BestFit"}], "planner": {"name": "Greedy"}}
        crowd.custom.patch_cluster_custom_object(GROUP, VERSION, "placementpolicies", name, {"spec": right})
        crowd.wait_condition(name, "Complete")
        assert wait_for(lambda: (each := told()) and each["status"] == "True" and each, "the policy is usable")
    finally:
        crowd.delete_policy(name)


SERVES: dict[str, tuple[Object, Object, str]] = {
    "namespace": ({"namespaces": ["elsewhere"]}, task("a"), "does not serve namespace bad-"),
    "class": ({}, pod(priorityClassName="system-node-critical"), "does not allow priorityClassName system-node-critical"),
    "account": ({"serviceAccountNames": ["worker"]}, task("a"), "does not allow serviceAccountName default; it allows worker"),
    "old-account": (
        {"serviceAccountNames": ["worker"]},
        pod(serviceAccount="admin"),
        "does not allow serviceAccountName admin; it allows worker",
    ),
}


@pytest.mark.parametrize("what", SERVES)
def test_whom_a_policy_does_not_serve_waits_and_is_told(crowd: Kube, what: str) -> None:
    serves, asked, sentence = SERVES[what]
    name = f"serves-{what}"
    crowd.create_policy(name, serves=serves)
    try:
        crowd.create(name, asked, policyName=name)
        accepted = crowd.wait_condition(name, "Accepted", "False")
        assert accepted["reason"] == "PolicyRefuses"
        assert sentence in accepted["message"]
        assert crowd.pods(name) == []
    finally:
        crowd.delete_policy(name)
