"""From the news about a TaskGraph to what the conductor holds of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from bayplan.lifecycle import Controls, Lifecycle, UnitState
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.conductor.conditions import find
from bayplan_operator.conductor.graph_run import GraphRun, Problem, Running
from bayplan_operator.translate import run_record
from bayplan_operator.translate.pod import GraphRef
from bayplan_operator.translate.splitting import read_numbers
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, retries, with_shards

_CYCLE = " a cycle: "
_CLOCKS_APART = 3600.0
"""Seconds by which the clock of an operator before us may have been ahead."""


def new_graph(raw: Mapping[str, Any], now: float, stuck_after: float) -> GraphRun:
    """A graph seen for the first time by this process: fresh, or known from the status that an earlier one wrote."""
    metadata = raw["metadata"]
    status = _known_status(raw)
    graph = GraphRun(
        ref=GraphRef(metadata["namespace"], metadata["name"], metadata["uid"]),
        generation=metadata.get("generation", 0),
        created=metadata["creationTimestamp"],
        deleting=bool(metadata.get("deletionTimestamp")),
        accepted_at=_instant(status.get("acceptedAt"), now),
        started_at=_instant(status.get("startTime"), now),
        completed_at=_instant(status.get("completionTime"), now),
        strategy=_text(status.get("strategy")),
        outcome=_map(status.get("outcome")),
        conditions=[dict(condition) for condition in status.get("conditions") or ()],
        written=status,
        seen_version=int(metadata.get("resourceVersion", 0)),
    )
    graph.ended = any(_true(graph, kind) for kind in ("Complete", "Failed"))
    graph.stale_pods = graph.ended
    graph.ttl = _ttl(raw)
    if not graph.ended:
        _prepare(graph, raw, now, stuck_after)
    return graph


def refresh(graph: GraphRun, raw: Mapping[str, Any], now: float, stuck_after: float) -> None:
    """Newer news of a known graph: the spec may have changed where it may, or somebody may have edited the status."""
    metadata = raw["metadata"]
    graph.seen_version = max(graph.seen_version, int(metadata.get("resourceVersion", 0)))
    if metadata.get("deletionTimestamp"):
        graph.deleting = True
    if metadata.get("generation", 0) != graph.generation:
        graph.generation = metadata.get("generation", 0)
        graph.ttl = _ttl(raw)
        graph.touched = graph.urgent = True
        if not graph.ended:
            _prepare(graph, raw, now, stuck_after)
    elif int(metadata["resourceVersion"]) > graph.written_version and not graph.ended:
        status = _known_status(raw)
        if any(status.get(field) != value for field, value in graph.written.items()):
            graph.written = status  # somebody else's words: ours are written again
            graph.touched = True


def _prepare(graph: GraphRun, raw: Mapping[str, Any], now: float, stuck_after: float) -> None:
    try:
        prepared = prepare(raw)
    except InvalidGraph as error:
        graph.invalid = Problem("CycleFound" if _CYCLE in str(error) else "Invalid", str(error))
        return
    prepared = with_shards(prepared, graph.shards or read_numbers(prepared.divisible, graph.written))
    spec = prepared.spec
    if graph.running is not None and _immutable(graph.running.prepared.spec) != _immutable(spec):
        graph.invalid = Problem(
            "SpecChanged",
            "spec.tasks, spec.templates or spec.template was changed after the graph had started: change it back, or "
            "create a graph with another name",
        )
        return
    graph.invalid = None
    graph.suspended = spec.suspend
    graph.deadline = None if spec.deadline is None else datetime.fromisoformat(graph.created).timestamp() + spec.deadline
    controls = Controls(retries=retries(spec), suspended=spec.suspend, stuck_after=stuck_after)
    if graph.running is not None:
        graph.running.prepared = prepared
        graph.running.lifecycle.graph = prepared.graph
        graph.running.controls = controls
        graph.running.requests.clear()
        return
    if graph.accepted_at is None:
        graph.accepted_at = now
    begin(graph, prepared, controls, now)
    # What is decided by itself waits until the conductor has looked at the pods: see `splitting.settle`.
    graph.shards_recorded = not any(prepared.splittings)


def begin(graph: GraphRun, prepared: Prepared, controls: Controls, now: float) -> None:
    """Its run, fresh or as the status that was found records it."""
    epoch = graph.accepted_at or now
    run, _ = run_record.read(prepared.graph, _lines(graph.written), epoch)
    # No back-off is longer than its cap: what says so was edited, or the clock was wrong when it was written.
    longest = max(controls.setback.cap, *(retry.cap for retry in controls.retries))
    np.minimum(run.not_before, now + longest, out=run.not_before)
    if (run.state == UnitState.FAILED).any():
        target = find(graph.conditions, "FailureTarget")
        run.failure = target["message"] if target else "a task failed for good"
    graph.running = Running(
        prepared=prepared,
        run=run,
        lifecycle=Lifecycle(prepared.graph, run),
        checked_at=now,
        controls=controls,
        critical_path=prepared.graph.upward_rank(),
        recorded=run.settled.copy(),
        arrived=np.zeros(prepared.graph.units, bool),
        lines=[run_record.write_task(prepared.graph, run, task, epoch) for task in range(len(prepared.graph.tasks))],
    )


def _immutable(spec: Any) -> tuple[Any, ...]:
    return spec.tasks, spec.templates, spec.template


def _ttl(raw: Mapping[str, Any]) -> float | None:
    text = raw["spec"].get("ttlAfterFinished")
    try:
        return None if text is None else parse_duration(text)
    except (ValueError, TypeError):
        return None  # the spec is refused as a whole, in words, where the graph is prepared


def _known_status(raw: Mapping[str, Any]) -> dict[str, Any]:
    status = raw.get("status")
    return dict(status) if isinstance(status, Mapping) else {}


def _lines(status: Mapping[str, Any]) -> list[str]:
    lines = status.get("tasks")
    return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _map(value: object) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


def _true(graph: GraphRun, kind: str) -> bool:
    condition = find(graph.conditions, kind)
    return condition is not None and condition.get("status") == "True"


def _instant(text: object, now: float) -> float | None:
    """The instant that was written; ``None`` where it cannot be true: edited by hand, it counts as not written."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return at if 0.0 <= at <= now + _CLOCKS_APART else None
