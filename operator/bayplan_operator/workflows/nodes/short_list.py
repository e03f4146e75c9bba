"""A short list of nodes with counts."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.api.core_types import misfits
from bayplan_operator.api.quantity import QuantityError, parse_quantity
from bayplan_operator.workflows.checks.fields_of_kinds import fault_of
from bayplan_operator.workflows.documents import Document, Findings
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.nodes.hidden_load import Course, hidden_load
from bayplan_operator.workflows.nodes.manifest import made

_PODS = 110
"""Pods that a kubelet takes by default."""
_MOST = 100_000
_READY = {"conditions": [{"type": "Ready", "status": "True"}]}
FIELDS = (
    "name", "count", "cpu", "memory", "pods", "gpu", "gpuModel", "gpuMemory", "class", "costPerHour", "resources", "labels",
    "taints", "load",
)  # fmt: skip


class Listed(NamedTuple):
    """A node of the list."""

    place: str
    """Of its item."""
    node: NodeInfo
    load: Mapping[str, Course]


def nodes(document: Document, findings: Findings) -> Iterator[Listed]:
    """Each node with its hidden load. What is wrong with one goes to `findings`. Raises `InputError` if it is no such list."""
    top = Fields(document, document.value)
    if "nodes" not in top.value:
        raise document.fault(
            "nodes is missing: a file of nodes is what kubectl get nodes -o yaml prints, or a map with the list nodes"
        )
    with findings.gathered():
        top.only(("nodes",))
    for number, item in enumerate(top.items("nodes")):
        with findings.gathered():
            yield from _group(Fields(document, item, f"nodes[{number}]"))


def _group(each: Fields) -> list[Listed]:
    wrong = Findings()
    with wrong.gathered():
        each.only(FIELDS)
    name = wrong.attempt(lambda: each.as_written("name"), "")
    count = wrong.attempt(lambda: _count(each), 1)
    allocatable = _allocatable(each, wrong)
    labels = _labels(each, wrong)
    hidden: Mapping[str, Course] = wrong.attempt(lambda: hidden_load(each), dict[str, Course]())
    taints = [dict(taint.value) for taint in wrong.attempt(lambda: each.maps("taints"), list[Fields]())]
    for number, taint in enumerate(taints):
        for misfit in misfits("V1Taint", taint, f"{each.at('taints')}[{number}]"):
            wrong.add(fault_of(each.document, misfit))
    wrong.told()
    found = []
    for number in range(count):
        own = f"{name}-{number}" if "count" in each.value else name
        manifest = {
            "metadata": {"name": own, "labels": {**labels, "kubernetes.io/hostname": own}},
            "spec": {"taints": taints},
            "status": {"allocatable": allocatable, **_READY},
        }
        found.append(Listed(each.place, made(manifest), hidden))
    return found


def _count(each: Fields) -> int:
    count = each.whole("count", 1)
    if count < 1 or count > _MOST:
        raise each.fault("count", f"it must be from 1 to {_MOST}")
    return count


def _allocatable(each: Fields, wrong: Findings) -> dict[str, str]:
    found = {"pods": str(wrong.attempt(lambda: each.whole("pods", _PODS), _PODS))}
    for field, resource in (("cpu", "cpu"), ("memory", "memory"), ("gpu", "nvidia.com/gpu")):
        if each.value.get(field) is not None:
            found[resource] = wrong.attempt(partial(_amount, each, field, resource), "0")
    others = wrong.attempt(lambda: each.map("resources"), Fields(each.document, {}))
    for resource in others.value:
        found[resource] = wrong.attempt(partial(_amount, others, resource, resource), "0")
    return found


def _labels(each: Fields, wrong: Findings) -> dict[str, str]:
    given = wrong.attempt(lambda: each.map("labels"), Fields(each.document, {}))
    labels = {"kubernetes.io/hostname": ""}
    for key, value in given.value.items():
        if value is not None:  # and "" is a label's value too
            labels[key] = value if value == "" else wrong.attempt(partial(given.as_written, key), "")
    said: dict[str, tuple[str, Callable[[], str]]] = {
        "class": (names.LABEL_NODE_CLASS, lambda: each.as_written("class")),
        "gpuModel": (names.LABEL_GPU_MODEL, lambda: each.as_written("gpuModel")),
        "costPerHour": (names.LABEL_COST, lambda: f"{each.number('costPerHour'):f}"),
        "gpuMemory": ("nvidia.com/gpu.memory", lambda: str(int(_amount(each, "gpuMemory", "memory")) >> 20)),
    }
    for field, (label, read) in said.items():
        if each.value.get(field) is not None:
            labels[label] = wrong.attempt(read, "")
    return labels


def _amount(each: Fields, field: str, resource: str) -> str:
    """Checked, and as Kubernetes writes it."""
    try:
        amount = parse_quantity(resource, each.value[field])
    except QuantityError as error:
        raise each.fault(field, str(error)) from error
    if amount < 0:
        raise each.fault(field, "it must not be negative")
    return f"{amount}m" if resource == "cpu" else str(amount)
