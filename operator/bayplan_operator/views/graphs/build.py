"""From a TaskGraph, its pods and the nodes to a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bayplan.model.workload import NodeInfo
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.kube import wire
from bayplan_operator.translate.choice_record import recorded_choices
from bayplan_operator.translate.task_graph import Prepared, with_candidates
from bayplan_operator.views.graphs import bounds, charge, choices, outlook, record, rounds, tasks, usage, waiting
from bayplan_operator.views.graphs import line as line_place
from bayplan_operator.views.graphs.attempts import attempts as list_attempts
from bayplan_operator.views.graphs.following import Following
from bayplan_operator.views.model.attempt import PodAttempt
from bayplan_operator.views.model.graph import Bound, GraphLine, LiveGraph
from bayplan_operator.views.model.node import LiveNode
from bayplan_operator.views.model.rounds import RoundsView
from bayplan_operator.views.model.task import LiveTask


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read from the API server, and when (seconds since the epoch)."""

    raw: Mapping[str, Any]
    """The TaskGraph."""
    prepared: Prepared | None
    """None: its spec is invalid."""
    pods: Sequence[wire.Pod]
    nodes: Mapping[str, NodeInfo] | None
    """None: they may not be listed."""
    now: float


def line(raw: Mapping[str, Any], now: float) -> GraphLine:
    """A graph in one line."""
    metadata, status = raw["metadata"], raw.get("status") or {}
    accepted = None if _refused(status) else _instant(status.get("acceptedAt"))
    completed = _instant(status.get("completionTime"))
    return GraphLine(
        namespace=metadata["namespace"],
        name=metadata["name"],
        status=status.get("summary") or "Unknown",
        progress=status.get("progress") or "",
        waiting=status.get("waiting") or "",
        age=now - (_instant(metadata.get("creationTimestamp")) or now),
        created=metadata["creationTimestamp"],
        duration=None if accepted is None else max(0.0, (completed or now) - accepted),
        line=line_place.read(status),
    )


def report(seen: Seen) -> LiveGraph:
    """The figures of a graph."""
    metadata, spec, status = seen.raw["metadata"], seen.raw["spec"], seen.raw.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    accepted_at = None if _refused(status) else status.get("acceptedAt")
    accepted = _instant(accepted_at)
    parts = _Parts.read(seen, status, accepted, conditions)
    return LiveGraph(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        status=status.get("summary") or "Unknown",
        over=_holds(conditions, "Complete") or _holds(conditions, "Failed"),
        progress=status.get("progress") or "",
        policy=spec.get("policyName") or "default",
        priority=spec.get("priority") or 0,
        accepted_at=accepted_at,
        problem=_problem(status, conditions),
        waiting=conditions["Waiting"].get("message", "") if _holds(conditions, "Waiting") else "",
        makespan=parts.makespan,
        bound=parts.bound,
        tasks=parts.tasks,
        attempts=parts.attempts,
        nodes=parts.nodes,
        other_nodes=None if seen.nodes is None else len(seen.nodes) - sum(use.name in seen.nodes for use in parts.nodes),
        strategy=status.get("strategy") or "",
        retries=sum(task.retries for task in parts.tasks),
        outlook=outlook.read(seen.raw, conditions),
        age=None if accepted is None else round(seen.now - accepted, 3),
        rounds=msgspec.UNSET if parts.rounds is None else parts.rounds,
        choices=choices.read(status),
        queue=spec.get("queueName") or DEFAULT_QUEUE,
        line=line_place.read(status),
        charged=charge.in_words(status),
    )


def _refused(status: Mapping[str, Any]) -> bool:
    """It is invalid, and no pod of it ever ran: what the API server makes of its templates was known after its own check."""
    ran = any(status.get(count) for count in ("active", "succeeded", "failed"))
    return status.get("summary") == "Invalid" and not ran


@dataclass(frozen=True, slots=True)
class _Parts:
    """What only a graph has that the operator has accepted."""

    makespan: float | None = None
    bound: Bound | None = None
    tasks: tuple[LiveTask, ...] = ()
    attempts: tuple[PodAttempt, ...] = ()
    nodes: tuple[LiveNode, ...] = ()
    rounds: RoundsView | None = None

    @classmethod
    def read(
        cls, seen: Seen, status: Mapping[str, Any], accepted: float | None, conditions: Mapping[str, Mapping[str, Any]]
    ) -> "_Parts":
        prepared = seen.prepared
        if prepared is None or accepted is None:
            return cls()
        prepared = with_candidates(prepared, recorded_choices(prepared.graph, prepared.candidates, status))
        graph, flow = prepared.graph, prepared.relations.flow
        run = record.read(prepared, status, accepted)
        found = list_attempts(graph, run, seen.raw["metadata"]["uid"], seen.pods, accepted)
        makespan = _makespan(found, _instant(status.get("completionTime")), accepted, seen.now)
        failed = _holds(conditions, "Failed") or _holds(conditions, "FailureTarget")
        earliest = None if status.get("completionTime") else _instant(status.get("earliestCompletion"))
        known = not failed and bounds.is_one(flow)
        bound = bounds.bound(graph, run, seen.now, accepted, earliest, flow) if known else None
        going = tasks.Going(
            graph, run, accepted, seen.now, None if flow is None else Following(graph, flow, run, failed=failed)
        )
        told = waiting.said(conditions["Waiting"].get("message", "")) if _holds(conditions, "Waiting") else {}
        requests = {
            task.name: dict(template.request_class.resources)
            for task, template in zip(graph.tasks, prepared.templates, strict=True)
        }
        return cls(
            makespan=makespan,
            bound=bound,
            tasks=tasks.read(going, found, bound.critical_path if bound else (), told),
            attempts=found,
            nodes=usage.usage(found, requests, seen.nodes or {}, max(makespan, 1.0)),
            rounds=rounds.read(prepared, run, status),
        )


def _makespan(found: Sequence[PodAttempt], completed: float | None, epoch: float, now: float) -> float:
    """Until the last attempt's end; `completed` has only whole seconds and has to do where no attempt is known."""
    if completed is None:
        return round(max(0.0, now - epoch), 3)
    ends = [attempt.end for attempt in found if attempt.end is not None]
    return round(max(ends, default=max(0.0, completed - epoch)), 3)


def _problem(status: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]) -> str:
    accepted = conditions.get("Accepted", {})
    if accepted.get("status") == "False":
        return f"{accepted['reason']}: {accepted.get('message', '')}"
    failure = next((conditions[kind] for kind in ("Failed", "FailureTarget") if _holds(conditions, kind)), None)
    if failure is not None:
        return str(failure.get("message", ""))
    return "" if status else "the operator has not looked at it yet: does it run?"


def _holds(conditions: Mapping[str, Mapping[str, Any]], kind: str) -> bool:
    return conditions.get(kind, {}).get("status") == "True"


def _instant(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
