"""Queues as readers are shown them, from API objects."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.translate.queue import InvalidQueue, compile_queue, selector_in_words
from bayplan_operator.views.graphs import build
from bayplan_operator.views.model.graph import GraphLine
from bayplan_operator.views.model.queue import QueueLine, QueueRow, QueueView

_Raw = Mapping[str, Any]


def line(raw: _Raw, now: float) -> QueueLine:
    """A queue in a line. `now`: seconds since the epoch."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    ready = _condition(status, "Ready")
    return QueueLine(
        name=metadata["name"],
        parent=spec.get("parentName") or "",
        ready=None if ready is None else ready.get("status") == "True",
        reason="" if ready is None else ready.get("reason", ""),
        usage=status.get("usage") or "",
        borrowed=status.get("borrowed") or "",
        share=status.get("share"),
        pending=status.get("pending"),
        admitted=status.get("admitted"),
        created=metadata["creationTimestamp"],
        age=now - datetime.fromisoformat(metadata["creationTimestamp"]).timestamp(),
    )


def queue(raw: _Raw, queues: Iterable[_Raw], graphs: Iterable[_Raw], looked_in: str | None, now: float) -> QueueView:
    """Everything about a queue. `queues`: all there are; `graphs`: those that may be listed, of a namespace `looked_in` or of
    all of them."""
    name, spec, status = raw["metadata"]["name"], raw.get("spec") or {}, raw.get("status") or {}
    below = sorted(each["metadata"]["name"] for each in queues if (each.get("spec") or {}).get("parentName") == name)
    said = (_condition(status, kind) for kind in ("Ready", "Sufficient"))
    wrong = [each.get("message", "") for each in said if each is not None and each.get("status") == "False"]
    return QueueView(
        queue=line(raw, now),
        why="; ".join(wrong),
        namespaces=_namespaces(raw),
        rows=tuple(_row(each, spec.get("quotas") or ()) for each in status.get("quotas") or ()),
        children=tuple(below),
        graphs=tuple(_graphs(name, graphs, now)),
        looked_in=looked_in,
    )


def _graphs(name: str, graphs: Iterable[_Raw], now: float) -> list[GraphLine]:
    """Those that wait first, as they stand in the line; then by priority and acceptance."""
    own = [each for each in graphs if _queue_of(each) == name and not (each.get("status") or {}).get("completionTime")]

    def place(raw: _Raw) -> tuple[bool, float, int, str]:
        status = raw.get("status") or {}
        accepted, position = status.get("acceptedAt") or raw["metadata"]["creationTimestamp"], status.get("position")
        in_line = position if isinstance(position, int) else float("inf")
        return not status.get("waiting"), in_line, -(raw["spec"].get("priority") or 0), accepted

    return [build.line(each, now) for each in sorted(own, key=place)]


def _queue_of(graph: _Raw) -> str:
    return graph["spec"].get("queueName") or DEFAULT_QUEUE


def _row(shown: _Raw, quotas: Iterable[_Raw]) -> QueueRow:
    selector = shown.get("nodeSelector") or {}
    key = shown["resource"], selector
    written = next((each for each in quotas if (each["resource"], each.get("nodeSelector") or {}) == key), {})
    return QueueRow(
        resource=shown["resource"],
        nodes=",".join(f"{label}={value}" for label, value in sorted(selector.items())),
        used=shown["used"],
        nominal=shown["nominal"],
        borrowed=shown["borrowed"],
        borrowing_limit=_text(written.get("borrowingLimit")),
        charged=shown.get("charged") or "0",
        lending_limit=_text(written.get("lendingLimit")),
    )


def _text(amount: object) -> str | None:
    return None if amount is None else str(amount)


def _namespaces(raw: _Raw) -> str:
    try:
        selected = compile_queue(raw).namespaces
    except InvalidQueue:
        return "unknown"
    if selected is None:
        return "none"
    return selector_in_words(selected) or "all"


def _condition(status: _Raw, kind: str) -> dict[str, Any] | None:
    return next((each for each in status.get("conditions") or () if each.get("type") == kind), None)
