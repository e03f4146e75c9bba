"""Nodes from a file: what `kubectl get nodes -o yaml` prints, or a short list with counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bayplan.model.workload import NodeInfo
from bayplan_operator.workflows.checks.kinds import OtherObjects
from bayplan_operator.workflows.documents import Document, Findings, InputError, documents, files
from bayplan_operator.workflows.nodes import manifest, short_list
from bayplan_operator.workflows.nodes.hidden_load import Course

__all__ = ["KINDS", "Nodes", "hold_nodes", "read_nodes", "take"]

KINDS = {manifest.KIND: "v1"}
"""Kind to apiVersion; a short list has no kind."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """What a file of nodes says."""

    nodes: list[NodeInfo]
    load: Mapping[str, Mapping[str, Course]]
    """Node to resource to what requests do not show; only nodes that have any."""
    left_out: list[str] = field(default_factory=list)
    """What was not read, one sentence each."""


@dataclass(slots=True)
class _Found:
    nodes: dict[str, NodeInfo] = field(default_factory=dict)
    load: dict[str, Mapping[str, Course]] = field(default_factory=dict)
    doubts: list[InputError] = field(default_factory=list)


def read_nodes(path: Path) -> Nodes:
    """The nodes of a file or folder. Raises `InputError` with all that is wrong."""
    found, findings, others = _Found(), Findings(), OtherObjects(KINDS)
    for document in (each for file in files(path) for each in documents(file, findings)):
        with findings.gathered():
            if not others.take(document):
                _take(found, document)
    findings.told()
    if not found.nodes:
        passed = f" ({others.listed})" if others.listed else ""
        raise InputError(f"{path}: there are no nodes in it{passed}: a cluster needs at least one")
    left_out = [*map(str, found.doubts), *others.sentences()]
    return Nodes(list(found.nodes.values()), found.load, left_out)


def hold_nodes(document: Document) -> bool:
    """Whether the document is one of nodes."""
    return document.value.get("kind") == manifest.KIND or ("kind" not in document.value and "nodes" in document.value)


def take(document: Document) -> None:
    """Only to see what is wrong with it, fields that no node has included. Raises `InputError`."""
    found, findings = _Found(), Findings()
    with findings.gathered():
        _take(found, document)
    for doubt in found.doubts:
        findings.add(doubt)
    findings.told()


def _take(found: _Found, document: Document) -> None:
    if document.value.get("kind") == manifest.KIND:
        found.doubts += manifest.doubts(document)
        _add(found, document, manifest.node(document), "metadata.name")
        return
    findings = Findings()
    for place, node, load in short_list.nodes(document, findings):
        with findings.gathered():
            _add(found, document, node, place)
        if load:
            found.load[node.name] = load
    findings.told()


def _add(found: _Found, document: Document, node: NodeInfo, place: str) -> None:
    if node.name in found.nodes:
        raise document.fault(f'there is more than one node "{node.name}": each needs its own name', place)
    found.nodes[node.name] = node
