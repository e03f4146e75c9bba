"""Nodes from a file: what `kubectl get nodes -o yaml` prints, or a short list with counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.api.quantity import QuantityError, parse_quantity
from bayplan_operator.api.validation.words import shown
from bayplan_operator.kube import wire
from bayplan_operator.translate.node import node_info
from bayplan_operator.workflows.documents import Document, InputError, documents, files
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.hidden_load import Course, hidden_load

_PODS = 110
"""What a kubelet takes if nobody says otherwise."""
_MOST = 100_000
_READY = {"conditions": [{"type": "Ready", "status": "True"}]}
_FIELDS = (
    "name", "count", "cpu", "memory", "pods", "gpu", "gpuModel", "gpuMemory", "class", "costPerHour", "resources", "labels",
    "taints", "load",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Nodes:
    """What a file of nodes says."""

    nodes: list[NodeInfo]
    load: Mapping[str, Mapping[str, Course]]
    """Node to resource to what requests do not show; only nodes that have any."""


def read_nodes(path: Path) -> Nodes:
    """The nodes of a file or folder. Raises `InputError`."""
    found: dict[str, NodeInfo] = {}
    load: dict[str, Mapping[str, Course]] = {}
    for document in (each for file in files(path) for each in documents(file)):
        value = document.value
        made = [(_manifest(document), {})] if value.get("kind") == "Node" else _short(document)
        for node, hidden in made:
            if node.name in found:
                raise document.fault(f'there is more than one node "{node.name}": each needs its own name')
            found[node.name] = node
            if hidden:
                load[node.name] = hidden
    if not found:
        raise InputError(f"{path}: there are no nodes in it: a cluster needs at least one")
    return Nodes(list(found.values()), load)


def _manifest(document: Document) -> NodeInfo:
    return _node(document, document.value, "")


def _short(document: Document) -> list[tuple[NodeInfo, dict[str, Course]]]:
    top = Fields(document, document.value)
    if "nodes" not in top.value:
        kind = top.value.get("kind")
        said = f"kind is {shown(kind)}: it must be Node or List" if kind else "nodes is missing"
        raise document.fault(
            f"{said}; a file of nodes is what kubectl get nodes -o yaml prints, or a map with the list nodes", "kind"
        )
    top.only(("nodes",))
    found = []
    for each in top.maps("nodes"):
        each.only(_FIELDS)
        hidden = hidden_load(each)
        found += [(node, hidden) for node in _group(each)]
    return found


def _group(each: Fields) -> list[NodeInfo]:
    name, count = each.text("name"), each.whole("count", 1)
    if count < 1 or count > _MOST:
        raise each.fault("count", f"it must be from 1 to {_MOST}")
    allocatable = {"pods": str(each.whole("pods", _PODS))}
    for field, resource in (("cpu", "cpu"), ("memory", "memory"), ("gpu", "nvidia.com/gpu")):
        if field in each.value:
            allocatable[resource] = _amount(each, field, resource)
    for resource in each.map("resources").value:
        allocatable[str(resource)] = _amount(each.map("resources"), str(resource), str(resource))
    labels = {"kubernetes.io/hostname": "", **{str(key): str(value) for key, value in each.map("labels").value.items()}}
    for field, key in (("class", names.LABEL_NODE_CLASS), ("gpuModel", names.LABEL_GPU_MODEL)):
        if field in each.value:
            labels[key] = each.text(field)
    if "costPerHour" in each.value:
        labels[names.LABEL_COST] = f"{each.number('costPerHour'):f}"
    if "gpuMemory" in each.value:
        labels["nvidia.com/gpu.memory"] = str(int(_amount(each, "gpuMemory", "memory")) >> 20)
    taints = [dict(taint.value) for taint in each.maps("taints")]
    found = []
    for number in range(count):
        own = f"{name}-{number}" if "count" in each.value else name
        manifest = {
            "metadata": {"name": own, "labels": {**labels, "kubernetes.io/hostname": own}},
            "spec": {"taints": taints},
            "status": {"allocatable": allocatable, **_READY},
        }
        found.append(_node(each.document, manifest, each.place))
    return found


def _amount(each: Fields, field: str, resource: str) -> str:
    """Checked, and as Kubernetes writes it."""
    try:
        amount = parse_quantity(resource, each.value[field])
    except QuantityError as error:
        raise each.fault(field, str(error)) from error
    if amount < 0:
        raise each.fault(field, "it must not be negative")
    return f"{amount}m" if resource == "cpu" else str(amount)


def _node(document: Document, manifest: Any, place: str) -> NodeInfo:
    try:
        return node_info(msgspec.convert(manifest, wire.Node, strict=False))
    except msgspec.ValidationError as error:
        raise document.fault(f"{place or 'the Node'} cannot be read: {error}", place) from error
