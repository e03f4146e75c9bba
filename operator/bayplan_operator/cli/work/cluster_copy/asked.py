"""What files ask of a cluster: graphs as they would be submitted, with the queues and policies that replace its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bayplan_operator import names
from bayplan_operator.workflows.documents import Document, documents, files

_POLICY = "plan"
"""What a policy of the command line is called."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the files hold."""

    graphs: Sequence[Mapping[str, Any]]
    """As `as_submitted` makes them."""
    queues: Mapping[str, Mapping[str, Any]]
    """By name; each takes the place of that of the cluster."""
    policies: Mapping[str, Mapping[str, Any]]


def asked_by(paths: Sequence[Path], now: float) -> Asked:
    """Of files that can be read. Workflows that are no TaskGraphs are passed over. `now`: seconds since the epoch."""
    at = datetime.fromtimestamp(now, UTC)
    graphs: list[Mapping[str, Any]] = []
    queues: dict[str, Mapping[str, Any]] = {}
    policies: dict[str, Mapping[str, Any]] = {}
    for document in _documents(paths):
        kind, raw = document.value.get("kind"), document.value
        if kind == names.TASK_GRAPH:
            graphs.append(as_submitted(_named(document), len(graphs), at))
        elif kind == names.QUEUE:
            queues[raw["metadata"]["name"]] = _stored(raw)
        elif kind == names.PLACEMENT_POLICY:
            policies[raw["metadata"]["name"]] = _stored(raw)
    return Asked(graphs, queues, policies)


def placed_by(asked: Asked, policy: Mapping[str, Any]) -> Asked:
    """The same, where all graphs are placed by one policy, whatever they name."""
    written = {**policy, "metadata": {**policy["metadata"], "name": _POLICY}}
    graphs = [{**raw, "spec": {**raw["spec"], "policyName": _POLICY}} for raw in asked.graphs]
    return replace(asked, graphs=graphs, policies={_POLICY: _stored(written)})


def refuse_workflows(paths: Sequence[Path]) -> None:
    """Raises `InputError` where a file has another workflow than a TaskGraph."""
    for document in _documents(paths):
        if document.value.get("kind") is None or str(document.value.get("apiVersion", "")).startswith("argoproj.io/"):
            raise document.fault("--preempt looks at TaskGraphs only: leave this workflow out")


def as_submitted(raw: Mapping[str, Any], number: int, now: datetime) -> dict[str, Any]:
    """A graph of a file, as the API server would have it."""
    metadata = raw["metadata"]
    metadata = {
        **metadata,
        "namespace": metadata.get("namespace") or "default",
        "uid": f"plan-{number}",
        "generation": 1,
        "creationTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resourceVersion": "0",
    }
    return {**{field: part for field, part in raw.items() if field != "status"}, "metadata": metadata}


def _documents(paths: Sequence[Path]) -> Iterator[Document]:
    for path in paths:
        for file in files(path):
            yield from documents(file)


def _named(document: Document) -> Mapping[str, Any]:
    """A graph with `generateName` is called like its file, as in the rest of a plan."""
    raw = document.value
    metadata = dict(raw.get("metadata") or {})
    return {**raw, "metadata": {**metadata, "name": metadata.get("name") or document.path.stem}}


def _stored(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As the API server would have it."""
    return {**raw, "metadata": {"uid": f"plan-{raw['metadata']['name']}", "resourceVersion": "0", **raw["metadata"]}}
