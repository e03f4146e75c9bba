"""A Node as `kubectl get nodes -o yaml` prints it, or as users write it for simulated clusters."""

from collections.abc import Mapping
from typing import Any

import msgspec

from bayplan.model.workload import NodeInfo
from bayplan_operator.api.core_types import Misfit, misfits
from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.kube import wire
from bayplan_operator.translate.node import node_info
from bayplan_operator.workflows.checks.fields_of_kinds import fault_of
from bayplan_operator.workflows.documents import Document, InputError
from bayplan_operator.workflows.files.findings import all_of

KIND = "Node"


def node(document: Document) -> NodeInfo:
    """The node of a document. Fields that no Node has are not looked at. Raises `InputError` for values of a wrong type."""
    faults = [fault_of(document, each) for each in _misfits(document) if not each.unknown]
    metadata = document.value.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("name") in (None, ""):
        faults.append(document.fault("metadata.name is missing: a node needs a name", "metadata"))
    if (wrong := all_of(faults)) is not None:
        raise wrong
    return made(document.value)


def doubts(document: Document) -> list[InputError]:
    """Fields that no node has: misspelt ones, or those of a newer Kubernetes."""
    return [fault_of(document, each) for each in _misfits(document) if each.unknown]


def made(value: Mapping[str, Any]) -> NodeInfo:
    """From an object of the right shape; a quantity may be a number."""
    given = without_nulls(value)
    status = given.get("status", {})
    allocatable = {name: str(amount) for name, amount in status.get("allocatable", {}).items()}
    return node_info(msgspec.convert({**given, "status": {**status, "allocatable": allocatable}}, wire.Node))


def _misfits(document: Document) -> list[Misfit]:
    return list(misfits("V1Node", document.value, "", partly=True))
