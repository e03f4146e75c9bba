"""From the news about a TaskGraph to what the conductor holds of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from bayplan.lifecycle import Controls, Round, Run, UnitState
from bayplan.lifecycle import begun as round_begun
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.api.v1alpha1.task_graph import ADMISSION_RULE, QUEUE_RULE
from bayplan_operator.conductor.record.choices import Choices
from bayplan_operator.conductor.record.conditions import find
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.holds import Holds
from bayplan_operator.conductor.record.known import Known, Problem
from bayplan_operator.conductor.record.rounds import RoundsRecord
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.record.status import GraphStatus
from bayplan_operator.settings import IMAGE
from bayplan_operator.translate import round_record, run_record
from bayplan_operator.translate.eviction_record import read_evictions
from bayplan_operator.translate.pod import GraphRef
from bayplan_operator.translate.promise_record import read_promises
from bayplan_operator.translate.ready_times import date_back
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, retries, with_shards

_CYCLE = " a cycle: "
_FIRST = 0.5
"""Seconds until a status is written of a graph that starts at once: a short one ends within them, and is written once."""
_CLOCKS_APART = 3600.0
"""Seconds by which the clock of an operator before us may have been ahead."""


@dataclass(frozen=True, slots=True)
class IntakeTerms:
    """What the operator's settings say of every graph."""

    stuck_after: float = 60.0
    """Seconds after which containers that cannot start count as failed."""
    image: str = IMAGE
    """What the pods of tasks that fuse run."""


def new_graph(raw: Mapping[str, Any], now: float, terms: IntakeTerms) -> GraphRun:
    """A graph seen for the first time by this process: fresh, or known from the status that an earlier one wrote."""
    metadata, status = raw["metadata"], _known_status(raw)
    known = Known(
        metadata.get("generation", 0), metadata["creationTimestamp"], deleting=bool(metadata.get("deletionTimestamp"))
    )
    ref = GraphRef(metadata["namespace"], metadata["name"], metadata["uid"])
    graph = GraphRun(ref, known, GraphStatus(status, int(metadata.get("resourceVersion", 0))))
    decided = graph.decided
    decided.accepted_at = _instant(status.get("acceptedAt"), now)
    decided.started_at = _instant(status.get("startTime"), now)
    decided.completed_at = _instant(status.get("completionTime"), now)
    decided.outcome = _map(status.get("outcome"))
    decided.find(status)
    decided.ended = known.stale_pods = any(_true(graph, kind) for kind in ("Complete", "Failed"))
    known.ttl = _ttl(raw)
    graph.written.next_at = now + _FIRST
    if not decided.ended:
        _prepare(graph, raw, now, terms)
    return graph


def refresh(graph: GraphRun, raw: Mapping[str, Any], now: float, terms: IntakeTerms) -> None:
    """Newer news of a known graph: the spec may have changed where it may, or the status may have been edited."""
    metadata, written = raw["metadata"], graph.written
    written.seen_version = max(written.seen_version, int(metadata.get("resourceVersion", 0)))
    if metadata.get("deletionTimestamp"):
        graph.known.deleting = True
    if metadata.get("generation", 0) != graph.known.generation:
        graph.known.generation = metadata.get("generation", 0)
        graph.known.ttl = _ttl(raw)
        if not graph.decided.ended:
            _prepare(graph, raw, now, terms)
    if int(metadata.get("resourceVersion", 0)) > written.version and not graph.decided.ended:
        status = _known_status(raw)
        if any(status.get(field) != value for field, value in written.status.items()):
            graph.stands(status)  # words of another: ours are written again, but for decisions that we had not recorded
            graph.choices_stand()
            written.edits += 1
        else:
            graph.find(status)


def _prepare(graph: GraphRun, raw: Mapping[str, Any], now: float, terms: IntakeTerms) -> None:
    known = graph.known
    try:
        prepared = prepare(raw, image=terms.image)
    except InvalidGraph as error:
        known.invalid = Problem("CycleFound" if _CYCLE in str(error) else "Invalid", str(error))
        return
    spec = prepared.spec
    if known.prepared is not None and _immutable(known.prepared.spec) != _immutable(spec):
        known.invalid = Problem(
            "SpecChanged",
            "spec.tasks, spec.templates or spec.template was changed after the graph had started: change it back, or "
            "create a graph with another name",
        )
        return
    if known.prepared is not None and graph.decided.started_at is not None:
        before = known.prepared.spec.queue_name
        if spec.queue_name != before:
            known.invalid = Problem("SpecChanged", f'{QUEUE_RULE}, or change it back to "{before}"')
            return
        if spec.admission != known.prepared.spec.admission:
            said = f"{ADMISSION_RULE}, or change it back to {known.prepared.spec.admission}"
            known.invalid = Problem("SpecChanged", said)
            return
    first = known.prepared is None
    if known.prepared is not None:  # what the API server makes of its pods is known, and cannot have changed
        prepared = replace(prepared, templates=known.prepared.templates, candidates=known.prepared.candidates)
    known.prepared, known.invalid = prepared, None
    known.suspended = spec.suspend
    known.deadline = None if spec.deadline is None else datetime.fromisoformat(known.created).timestamp() + spec.deadline
    known.controls = Controls(
        retries=retries(spec), suspended=spec.suspend, resumed=_resumed(graph, now), stuck_after=terms.stuck_after
    )
    if first:
        _shape(graph, prepared, now)
    elif graph.running is not None:
        settled = with_shards(prepared, graph.decided.shards.value or {})
        _go_on(graph.running, settled, _controls(settled, known.controls))


def _resumed(graph: GraphRun, now: float) -> float:
    """When it was last resumed, as its condition says; where that still says that it is suspended, it is resumed now."""
    found = find(graph.written.conditions, "Suspended")
    if found is None or graph.known.suspended:
        return -math.inf
    at = now if found.get("status") == "True" else _instant(found.get("lastTransitionTime"), now)
    return -math.inf if at is None else at


def _shape(graph: GraphRun, prepared: Prepared, now: float) -> None:
    """What has to be decided before its run can begin."""
    decided = graph.decided
    if decided.accepted_at is None:
        decided.accepted_at = now
    decided.divisible = prepared.divisible
    decided.shards.needed = bool(decided.divisible)
    decided.find(graph.written.status)
    begin(graph, now)


def _go_on(running: Running, prepared: Prepared, controls: Controls) -> None:
    running.prepared, running.controls = prepared, controls
    running.lifecycle.graph = prepared.graph
    running.follow_choices()


def begin(graph: GraphRun, now: float) -> None:
    """Its run, once, as soon as its shape is settled: fresh, or as the status that was found records it."""
    known, decided = graph.known, graph.decided
    if graph.running is not None or known.prepared is None or known.controls is None or not decided.shards.settled:
        return
    prepared = with_shards(known.prepared, decided.shards.value or {})
    epoch = decided.accepted_at or now
    run, _ = run_record.read(prepared.graph, _lines(graph.written.status), epoch, prepared.relations.flow)
    read_evictions(prepared.graph, run, graph.written.status, epoch)
    if "acceptedAt" in graph.written.status:
        date_back(prepared.graph, run, epoch)
    run, rounds = _repeated(prepared, run, graph.written.status)
    # No back-off is longer than its cap: what says so was edited, or the clock was wrong when it was written.
    longest = max(known.controls.setback.cap, *(retry.cap for retry in known.controls.retries))
    np.minimum(run.not_before, now + longest, out=run.not_before)
    flow = prepared.relations.flow
    failed = np.unique(prepared.graph.unit_task[run.state == UnitState.FAILED]).tolist()
    if any(flow is None or not flow.bearable(prepared.graph, run, task) for task in failed):
        target = find(graph.written.conditions, "FailureTarget")
        run.failure = target["message"] if target else "a task failed for good"
    graph.running = Running(prepared, run, _controls(prepared, known.controls), epoch, now)
    graph.running.rounds = rounds
    graph.running.asking.promised = read_promises(prepared.graph, graph.written.status)
    graph.running.holds = Holds(prepared.graph, graph.written.status, epoch)
    if prepared.relations.choosers:
        graph.running.choices = Choices(prepared.graph, prepared.relations, graph.written.status, run.round)
        graph.running.follow_choices()


def _controls(prepared: Prepared, controls: Controls) -> Controls:
    """With how its tasks follow each other."""
    relations = prepared.relations
    if relations.flow is None:
        return controls
    time_outs = {}
    if relations.repeating is not None and relations.repeating.timeout is not None and relations.flow.repeated is not None:
        time_outs = dict.fromkeys(relations.flow.repeated.tasks.nonzero()[0].tolist(), relations.repeating.timeout)
    return replace(controls, flow=relations.flow, time_outs=time_outs)


def _repeated(prepared: Prepared, run: Run, status: Mapping[str, Any]) -> tuple[Run, RoundsRecord | None]:
    """The run with its results and rounds, as a status records them."""
    graph, flow = prepared.graph, prepared.relations.flow
    run.results = round_record.read_results(graph, run, status, prepared.relations.needed)
    if flow is None or flow.repeated is None:
        return run, None
    rounds = RoundsRecord(graph, status)
    run.round = round_record.read_number(status)
    if rounds.next.value is not None:  # a status has no round 0: before the first one it says 1, as it does in the first
        run.round = min(run.round, rounds.next.value.number - 1)
    run.round_before = round_record.read_before(graph, status)
    run.began_in = round_record.read_began(graph, status)
    run.taken = round_record.read_taken(graph, status)
    run.rounds_over = bool(rounds.over)
    if run.round and rounds.next.value is None:
        run.round_weights = round_record.read_weights(graph, status)
    drawn = prepared.relations.repeating is not None and prepared.relations.repeating.sampling is not None
    return (run if run.round or drawn else round_begun(graph, flow, run, Round(1))), rounds


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


def _map(value: object) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


def _true(graph: GraphRun, kind: str) -> bool:
    condition = find(graph.written.conditions, kind)
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
