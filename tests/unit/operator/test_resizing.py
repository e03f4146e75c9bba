"""A pod that is resized in place counts with the largest of what is wanted, allocated and set."""

from typing import Any

import msgspec
import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.workload import NodeInfo
from bayplan_operator.kube import wire
from bayplan_operator.translate.pod_requests import pod_requests
from bayplan_operator.view import PodStore

INFEASIBLE = {"type": "PodResizePending", "status": "True", "reason": "Infeasible"}
DEFERRED = {**INFEASIBLE, "reason": "Deferred"}


def seen(name: str, actuated: str | None, allocated: str | None) -> dict[str, Any]:
    resources = {} if actuated is None else {"resources": {"requests": {"cpu": actuated}}}
    return {"name": name, **resources, **({} if allocated is None else {"allocatedResources": {"cpu": allocated}})}


def pod(spec: dict[str, Any], **status: Any) -> wire.Pod:
    metadata = {"name": "p", "namespace": "team", "resourceVersion": "5"}
    raw = {"metadata": metadata, "spec": {"nodeName": "n", **spec}, "status": {"phase": "Running", **status}}
    return msgspec.convert(raw, wire.Pod, strict=False)


def container(name: str, cpu: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "resources": {"requests": {"cpu": cpu}}, **more}


def cpu(found: wire.Pod) -> int:
    return pod_requests(found.spec, found.status)["cpu"]


@pytest.mark.parametrize(
    ("wanted", "actuated", "allocated", "conditions", "millicores"),
    [
        ("1", "1", "1", [], 1000),
        ("3", "1", "1", [], 3000),
        ("1", "3", "1", [], 3000),
        ("1", "3", "2", [], 3000),
        ("1", "2", "3", [], 3000),
        ("3", "1", "1", [DEFERRED], 3000),
        ("9", "1", "2", [INFEASIBLE], 2000),
        ("9", "1", "1", [{"type": "Ready", "status": "True"}, INFEASIBLE], 1000),
        ("1", None, "3", [], 1000),  # what is allocated counts only beside what is set
        ("1", "3", None, [], 3000),
    ],
)
def test_of_a_container(wanted: str, actuated: str, allocated: str, conditions: list[Any], millicores: int) -> None:
    spec = {"containers": [container("a", wanted), container("b", "4")]}
    status = [seen("a", actuated, allocated), seen("b", "4", "4")]
    assert cpu(pod(spec, conditions=conditions, containerStatuses=status)) == millicores + 4000


def test_of_init_containers_only_sidecars_are_resized() -> None:
    status = {"initContainerStatuses": [seen("i", "5", "5")], "containerStatuses": [seen("a", "1", "1")]}
    sidecar = container("i", "1", restartPolicy="Always")
    assert cpu(pod({"containers": [container("a", "1")], "initContainers": [sidecar]}, **status)) == 6000
    assert cpu(pod({"containers": [container("a", "1")], "initContainers": [container("i", "1")]}, **status)) == 1000


def test_of_the_pod_as_a_whole() -> None:
    spec = {"containers": [container("a", "1")], "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "8"}}}
    whole = {"resources": {"requests": {"cpu": "4"}}, "allocatedResources": {"cpu": "3"}}
    assert cpu(pod(spec, **whole)) == 4000
    assert cpu(pod(spec, allocatedResources={"cpu": "3"})) == 2000
    assert cpu(pod({**spec, "resources": {"requests": {"cpu": "9"}}}, conditions=[INFEASIBLE], **whole)) == 4000


def test_pods_of_others_occupy_what_they_still_have() -> None:
    shrinking = pod({"containers": [container("a", "1")]}, containerStatuses=[seen("a", "3", "1")])
    there = Cluster()
    there.set_node(NodeInfo("n", {"cpu": 8000, "pods": 10}))
    PodStore(there, lambda: 0.0, lambda: None).apply(shrinking)
    assert there.used[there.row("n"), there.resources.index("cpu")] == 3000
