"""Requests are counted as kube-scheduler counts them, before and after admission."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bayplan_operator.kube import wire
from bayplan_operator.translate import pod_shape
from bayplan_operator.translate.admission import AdmissionObjects, NotAdmitted
from bayplan_operator.translate.pod_requests import pod_requests
from tests.cluster.drawn_pods import NOWHERE, RUNTIME_CLASSES, Object, pod_spec
from tests.cluster.kube import wait_for
from tests.testbed.nodes import CPU_SMALL
from tests.testbed.testbed import Testbed

SEED, PODS = 12, 300
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
BOUNDS: tuple[Object, ...] = (
    {"type": "Container", "defaultRequest": {"cpu": "300m"}, "default": {"cpu": "1", "ephemeral-storage": "700M"}},
    {"type": "Container", "max": {"memory": "1.5G"}},
    {"type": "Container", "min": {"cpu": "1m"}},
    {"type": "Container", "default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}, "maxLimitRequestRatio": {"cpu": "20"}},
    {"type": "Pod", "max": {"ephemeral-storage": "1Gi"}},
    {"type": "Pod", "min": {"cpu": "500m"}, "maxLimitRequestRatio": {"memory": "50"}},
)


@pytest.fixture
def namespace(simulated: Testbed) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    simulated.kubectl("create", "namespace", name)
    wait_for(
        lambda: simulated.api.request("GET", f"/api/v1/namespaces/{name}/serviceaccounts/default")[0] == 200,
        "the namespace's service account",
    )
    yield name
    simulated.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def objects(simulated: Testbed) -> Iterator[AdmissionObjects]:
    """RuntimeClasses, in the cluster and as admission objects."""
    known = AdmissionObjects()
    for each in RUNTIME_CLASSES:
        simulated.api.create(CLASSES, each)
        known.take({"kind": "RuntimeClass", **each})
    yield known
    for each in RUNTIME_CLASSES:
        simulated.api.delete(f"{CLASSES}/{each['metadata']['name']}")


def in_scheduler(testbed: Testbed, namespace: str) -> dict[str, dict[str, int]]:
    """By pod, what kube-scheduler says that it asks for, in smallest units. It leaves out what is 0."""
    found: dict[str, dict[str, int]] = {}
    for family in text_string_to_metric_families(testbed.scheduler_says("/metrics/resources")):
        for sample in family.samples:
            if sample.name == "kube_pod_resource_request" and sample.labels["namespace"] == namespace:
                resource = sample.labels["resource"]
                amount = sample.value * (1000 if resource == "cpu" else 1)
                found.setdefault(sample.labels["pod"], {})[resource] = math.ceil(round(amount, 3))
    return found


def counted(spec: Mapping[str, Any]) -> dict[str, int]:
    """By our count, without what is 0 and without the pod itself."""
    _, decoded = pod_shape.read(spec)
    return {resource: amount for resource, amount in pod_requests(decoded).items() if amount and resource != "pods"}


def admitted(objects: AdmissionObjects, namespace: str, spec: Object) -> tuple[Mapping[str, Any] | None, str]:
    """What admission makes of a pod spec by our rules, or why it takes none."""
    try:
        return objects.admitted(spec, namespace), "nothing"
    except NotAdmitted as error:
        return None, str(error)


def pod(name: str, spec: Object) -> Object:
    return {"metadata": {"name": name}, "spec": spec}


def wait_seen(testbed: Testbed, namespace: str) -> dict[str, dict[str, int]]:
    """What kube-scheduler says once it has seen all pods that were created before."""
    last = {"containers": [{"name": "c", "image": "none", "resources": {"requests": {"cpu": "1"}}}], "nodeSelector": NOWHERE}
    testbed.api.create(f"/api/v1/namespaces/{namespace}/pods", pod("last", last))
    return wait_for(
        lambda: found if "last" in (found := in_scheduler(testbed, namespace)) else None, "kube-scheduler has seen the pods"
    )


def test_the_requests_of_drawn_pods_are_those_of_kube_scheduler(
    simulated: Testbed, namespace: str, objects: AdmissionObjects
) -> None:
    rng = random.Random(SEED)
    specs = {f"p{number}": pod_spec(rng) for number in range(PODS)}
    made: dict[str, Object] = {}

    def create(name: str) -> None:
        made[name] = simulated.api.create(f"/api/v1/namespaces/{namespace}/pods", pod(name, specs[name]))

    simulated.api.each(create, specs)
    found = wait_seen(simulated, namespace)
    for name, spec in specs.items():
        expected = found.get(name, {})
        assert counted(made[name]["spec"]) == expected, f"{name} as the API server has it: {made[name]['spec']}"
        assert counted(objects.admitted(spec, namespace)) == expected, f"{name} as a template: {spec}"
        if "runtimeClassName" not in spec:
            assert counted(spec) == expected, f"{name} as a template, without admission: {spec}"


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_a_limit_range_makes_of_drawn_pods_what_admission_makes_of_them(
    simulated: Testbed, namespace: str, objects: AdmissionObjects, bounds: Object
) -> None:
    limit_range = {"metadata": {"name": "bounds", "namespace": namespace}, "spec": {"limits": [bounds]}}
    simulated.api.create(f"/api/v1/namespaces/{namespace}/limitranges", limit_range)
    objects.take({"kind": "LimitRange", **limit_range})
    rng = random.Random(SEED)
    specs = {f"p{number}": pod_spec(rng) for number in range(PODS)}
    answers: dict[str, tuple[int, Object]] = {}
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"

    def create(name: str) -> None:
        answers[name] = simulated.api.request("POST", path, pod(name, specs[name]))

    def bounds_known() -> bool:
        status, answer = simulated.api.request("POST", path, pod("plain", {"containers": [{"name": "c", "image": "none"}]}))
        return status == 403 or "requests" in answer["spec"]["containers"][0]["resources"]

    wait_for(bounds_known, "admission knows the LimitRange")
    simulated.api.each(create, specs)
    refused = 0
    for name, spec in specs.items():
        status, answer = answers[name]
        ours, problem = admitted(objects, namespace, spec)
        assert (status == 201) == (ours is not None), f"{name}: we say {problem}, the API server {answer}: {spec}"
        if ours is None:
            refused += 1
        else:
            assert counted(ours) == counted(answer["spec"]), f"{name}: {spec}"
    assert PODS / 10 < refused < 9 * PODS / 10, f"both answers are drawn, but {refused} of {PODS} are refused"


class Resized:
    """A pod of 1 CPU that runs on a node of 4, and others of 2 that want to join it."""

    def __init__(self, testbed: Testbed, namespace: str, node: str) -> None:
        self.api, self.node = testbed.api, node
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.path = f"{self.pods}/resized"
        spec = {"nodeName": node, "containers": [container("1")]}
        self.api.create(self.pods, pod("resized", spec))
        wait_for(lambda: self.read()["status"].get("containerStatuses"), "the pod runs")

    def read(self) -> Object:
        found: Object = self.api.get(self.path)
        return found

    def counted(self) -> int:
        found = msgspec.convert(self.read(), wire.Pod, strict=False)
        return pod_requests(found.spec, found.status)["cpu"]

    def want(self, cpu: str) -> None:
        self.api.merge(f"{self.path}/resize", {"spec": {"containers": [container(cpu)]}})

    def say(self, cpu: str, *conditions: Object) -> None:
        """What the kubelet says: what the container has, and conditions."""
        status = self.read()["status"]
        resources = {"resources": {"requests": {"cpu": cpu}}, "allocatedResources": {"cpu": cpu}}
        containers = [{**each, **resources} for each in status["containerStatuses"]]
        kept = [each for each in status["conditions"] if each["type"] != "PodResizePending"]
        self.api.merge(f"{self.path}/status", {"status": {"containerStatuses": containers, "conditions": [*kept, *conditions]}})

    def join(self, name: str) -> None:
        """Another pod of 2 CPUs, which kube-scheduler leaves waiting."""
        on = {"nodeSelector": {"kubernetes.io/hostname": self.node}, "terminationGracePeriodSeconds": 0}
        self.api.create(self.pods, pod(name, {**on, "containers": [container("2")]}))
        wait_for(lambda: "Insufficient cpu" in str(self.api.get(f"{self.pods}/{name}")["status"]), f"{name} has no room")

    def wait_joined(self, name: str) -> None:
        wait_for(lambda: self.api.get(f"{self.pods}/{name}")["spec"].get("nodeName") == self.node, f"{name} has found room")

    def remove(self, name: str) -> None:
        self.api.delete(f"{self.pods}/{name}?gracePeriodSeconds=0")


def container(cpu: str) -> Object:
    return {"name": "main", "image": "none", "resources": {"requests": {"cpu": cpu}}}


def test_a_pod_that_is_resized_takes_what_kube_scheduler_says(simulated: Testbed, namespace: str) -> None:
    (node,) = simulated.add_nodes(replace(CPU_SMALL, prefix="resizing", cpu=4), 1)
    resized = Resized(simulated, namespace, node)
    resized.say("1")
    resized.want("3")
    assert resized.counted() == 3000
    resized.join("first")
    resized.say("1", {"type": "PodResizePending", "status": "True", "reason": "Infeasible"})
    assert resized.counted() == 1000
    resized.wait_joined("first")
    resized.remove("first")
    resized.want("1")
    resized.say("3")
    assert resized.counted() == 3000
    resized.join("second")
    resized.say("1")
    assert resized.counted() == 1000
    resized.wait_joined("second")
    for name in ("resized", "second"):
        resized.remove(name)
    simulated.delete_node(node)
