"""From plain data to the library's nodes, classes and requests."""

from __future__ import annotations

from typing import Any

from bayplan.cluster.cluster import Cluster
from bayplan.model.constraints import PreferredTerm, Requirement, Taint, Term, Toleration
from bayplan.model.gpu import GpuAsk, Gpus, GpuUse
from bayplan.model.workload import Gang, NodeInfo, Request, RequestClass

Plain = dict[str, Any]
GIB = 2**30
WHOLE_GPUS, MILLI = "nvidia.com/gpu", "bayplan.dev/gpu-milli"


def cluster_of(scene: Plain) -> Cluster:
    """The nodes with their occupants."""
    made = Cluster()
    for each in scene["nodes"]:
        made.set_node(node_of(each))
    for each in scene["occupants"]:
        part, resources = each["part"], {"cpu": each["cpu"] * 1000, "memory": each["memory"] * GIB, "pods": 1}
        use = GpuUse(GpuAsk(1, part)) if part else None
        made.occupy(each["key"], each["node"], resources | _gpu_resources(1 if part else 0, part), use)
    return made


def node_of(each: Plain) -> NodeInfo:
    resources = {"cpu": each["cpu"] * 1000, "memory": each["memory"] * GIB, "pods": each["pods"]}
    if each["gpus"]:
        resources |= {WHOLE_GPUS: each["gpus"], MILLI: each["gpus"] * 1000}
    return NodeInfo(
        each["name"],
        resources,
        labels=dict(each["labels"]),
        taints=tuple(Taint(*taint) for taint in each["taints"]),
        unschedulable=each["cordoned"],
        ready=each["ready"],
        gpus=Gpus(each["gpus"], each["model"], each["gpu_memory"] * GIB) if each["gpus"] else None,
        node_class=each["class"],
        cost=each["cost"],
    )


def class_of(each: Plain) -> RequestClass:
    resources, ask = {"cpu": each["cpu"] * 1000, "memory": each["memory"] * GIB, "pods": 1}, None
    if each["gpus"]:
        gpus = each["gpus"]
        ask = GpuAsk(gpus["count"], gpus["part"], tuple(gpus["models"]), gpus["memory"] * GIB)
        resources |= _gpu_resources(gpus["count"], gpus["part"])
    return RequestClass(
        tuple(sorted(resources.items())),
        node_selector=tuple(sorted(each.get("selector", {}).items())),
        required=tuple(_term(term) for term in each.get("required", ())),
        preferred=tuple(PreferredTerm(weight, _term(term)) for weight, term in each.get("preferred", ())),
        tolerations=tuple(Toleration(*toleration) for toleration in each.get("tolerations", ())),
        gpus=ask,
    )


def request_of(each: Plain, classes: list[RequestClass]) -> Request:
    return Request(
        each["id"],
        classes[each["class"]],
        priority=each["priority"],
        critical_path=each["chain"],
        arrival=(each["arrival"],),
        task=each["task"],
        gang=None if each["gang"] is None else Gang(each["gang"]),
        deadline=each["deadline"],
        duration=each["duration"],
    )


def _gpu_resources(count: int, part: int) -> dict[str, int]:
    """Whole GPUs by number; of a fraction only thousandths are charged, so that two may share a GPU."""
    if not count:
        return {}
    return {MILLI: count * part} | ({WHOLE_GPUS: count} if part == 1000 else {})


def _term(conditions: list[list[Any]]) -> Term:
    return Term(tuple(Requirement(key, operator, tuple(values)) for key, operator, values in conditions))
