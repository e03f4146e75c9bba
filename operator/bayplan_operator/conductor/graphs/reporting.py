"""What the status of a graph says."""

from typing import Any

from bayplan.lifecycle import TaskOutcome, UnitState
from bayplan.model.reasons import Reason
from bayplan_operator.conductor.outlook import deadlines
from bayplan_operator.conductor.record import conditions
from bayplan_operator.conductor.record.completion import Said
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.line_place import FIELDS
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.templates.answers import NOT_ANSWERED, UNSUPPORTED
from bayplan_operator.translate import round_record
from bayplan_operator.translate.charge_record import write_charge
from bayplan_operator.translate.eviction_record import write_evictions
from bayplan_operator.translate.promise_record import FIELD, write_promises
from bayplan_operator.translate.splitting import write_numbers
from bayplan_operator.writer import EventWriter

_LONGEST_WAITING = 200
_CHECKED = "TemplatesChecked"
_ENDS = {
    TaskOutcome.SUCCEEDED: ("task has succeeded", "tasks have succeeded"),
    TaskOutcome.SKIPPED: ("was skipped", "were skipped"),
    TaskOutcome.FAILED: ("has failed, and the graph goes on without it", "have failed, and the graph goes on without them"),
}
_ACCEPTED = "the graph is valid and is being placed"


def update_conditions(graph: GraphRun, events: EventWriter, now: float) -> None:
    """Bring the conditions up to date, with an event for each that flips to what users should know."""

    def put(kind: str, status: bool | None, reason: str, message: str) -> bool:
        return conditions.put(graph.written.conditions, kind, status, reason, message, graph.known.generation, now)

    def tell(kind: str, reason: str, message: str) -> None:
        events.write((graph.ref.namespace, graph.ref.name, graph.ref.uid), kind, reason, message, now)

    problem = graph.known.refused or graph.known.unserved
    known = conditions.find(graph.written.conditions, "Accepted")
    refused = known is not None and known["status"] == "False"
    if problem is not None:
        if put("Accepted", False, problem.reason, problem.message) or (known and known["message"] != problem.message):
            tell("Warning", problem.reason, problem.message)
    elif put("Accepted", True, "Accepted", _ACCEPTED) and refused:
        tell("Normal", "Accepted", _ACCEPTED)  # of a graph that was never refused its condition is enough
    _templates_condition(graph, put, tell)
    why = graph.decided.shards.why
    if why and put("ShardsDecided", True, "Auto", why):
        tell("Normal", "ShardsDecided", why)
    if graph.known.suspended or conditions.find(graph.written.conditions, "Suspended"):
        said = "spec.suspend is true: its pods are stopped" if graph.known.suspended else "spec.suspend is false"
        if put("Suspended", graph.known.suspended, "Suspended" if graph.known.suspended else "Resumed", said):
            tell("Normal", "Suspended" if graph.known.suspended else "Resumed", said)
    running = graph.running
    if running is None:
        return
    _waiting_condition(graph, running, now)
    if running.run.failure and put("FailureTarget", True, "TaskFailed", running.run.failure):
        tell("Warning", "TaskFailed", running.run.failure)
    if running.all_over:
        graph.decided.completed_at = graph.decided.completed_at or now
    deadlines.update(graph, put, tell, now)
    if not running.all_over:
        return
    if running.run.succeeded:
        message = _success(running)
        if put("Complete", True, "Succeeded", message):
            tell("Normal", "Succeeded", message)
    elif put("Failed", True, "TaskFailed", running.run.failure):
        tell("Warning", "Failed", running.run.failure)


def status(graph: GraphRun) -> dict[str, Any]:
    """The fields of the status that we own but for those of `ends`, ready to be written. Shares nothing with the graph."""
    body: dict[str, Any] = {
        "observedGeneration": graph.known.generation,
        "conditions": [dict(condition) for condition in graph.written.conditions],
        "summary": _summary(graph),
        "waiting": _waiting(graph),
    }
    if graph.decided.accepted_at is not None:
        body["acceptedAt"] = conditions.micro_stamp(graph.decided.accepted_at)
    if graph.decided.started_at is not None:
        body["startTime"] = conditions.stamp(graph.decided.started_at)
    if graph.decided.completed_at is not None:
        body["completionTime"] = conditions.stamp(graph.decided.completed_at)
    if graph.decided.shards.value:
        body["shards"] = write_numbers(graph.decided.shards.value)
    if graph.decided.strategy or "strategy" in graph.written.status:
        body["strategy"] = graph.decided.strategy or None
    charge = graph.decided.charge.decided
    if charge is not None or "charged" in graph.written.status:
        body["charged"] = None if charge is None else write_charge(charge)
    if graph.decided.outcome is not None:
        body["outcome"] = dict(graph.decided.outcome)
    running = graph.running
    body |= _place(graph)
    if running is not None:
        library_graph, run = running.prepared.graph, running.run
        body["progress"] = _progress(running)
        body["active"] = run.count(UnitState.BINDING, UnitState.RUNNING)
        body["succeeded"] = run.count(UnitState.SUCCEEDED)
        body["failed"] = run.count(UnitState.FAILED)
        body["tasks"] = running.lines.texts
        evictions = write_evictions(library_graph, run, graph.decided.accepted_at or 0.0)
        if evictions or "evictions" in graph.written.status:
            body["evictions"] = evictions
        if running.holds.any or "holds" in graph.written.status:
            body["holds"] = running.holds.lines
        if run.results or "results" in graph.written.status:
            body["results"] = round_record.write_results(library_graph, run)
        if running.asking.promised or FIELD in graph.written.status:
            body[FIELD] = write_promises(library_graph, {} if running.all_over else running.asking.promised)
        if running.choices is not None:
            body["choices"] = running.choices.lines
        if running.rounds is not None:
            body["rounds"] = running.rounds.body(run, _before(running))
    elif graph.known.prepared is not None:
        body["progress"] = f"0/{len(graph.known.prepared.graph.tasks)}"
    return body


def _place(graph: GraphRun) -> dict[str, Any]:
    """Where it stands in the line, while it waits."""
    running = graph.running
    asking = None if running is None or running.all_over or not running.asking.waiting else running.asking
    if asking is not None and asking.place is not None:
        asking.told_place = asking.place
        return asking.place.fields()
    if running is not None:
        running.asking.told_place = None
    return {name: None for name in FIELDS if graph.written.status.get(name) is not None}


def _success(running: Running) -> str:
    """How a graph has ended well."""
    graph, run, flow = running.prepared.graph, running.run, running.prepared.relations.flow
    tasks = len(graph.tasks)
    if flow is None or run.finished_tasks(graph).all():
        return f"all {tasks} tasks have succeeded" if tasks > 1 else "its task has succeeded"
    outcomes = flow.outcomes(graph, run)
    counts = [(int((outcomes == each).sum()), words) for each, words in _ENDS.items()]
    return ", ".join(f"{count} {words[count > 1]}" for count, words in counts if count)


def _progress(running: Running) -> str:
    """How many tasks are over, of all; and in which round it is."""
    graph, run, relations = running.prepared.graph, running.run, running.prepared.relations
    done = run.finished_tasks(graph)
    if relations.flow is not None and not run.failure:
        done = done | (relations.flow.outcomes(graph, run) != TaskOutcome.OPEN)
    words = f"{int(done.sum())}/{len(graph.tasks)}"
    return words if relations.repeating is None else f"{words}, round {run.round}/{relations.repeating.rule.most}"


def _before(running: Running) -> list[str]:
    """What succeeded in the round before."""
    flow, run = running.prepared.relations.flow, running.run
    if flow is None or flow.repeated is None or not run.round_before:
        return []
    return round_record.write_attempts(running.prepared.graph, run.round_before, flow.repeated.tasks.nonzero()[0].tolist())


def ends(graph: GraphRun) -> dict[str, Any]:
    """The fields that say when the graph is expected to end."""
    running, outlook = graph.running, graph.outlook
    if running is None:
        return {}
    if outlook is None or running.all_over or running.run.failure:
        return Said().fields()
    return Said(earliest=outlook.said.earliest).fields() if graph.known.suspended else outlook.said.fields()


def _summary(graph: GraphRun) -> str:
    running = graph.running
    if graph.known.refused is not None or graph.known.prepared is None:
        return "Invalid"
    if running is None:
        return "Suspended" if graph.known.suspended else "Waiting"
    if running.all_over:
        return "Succeeded" if running.run.succeeded else "Failed"
    if running.run.failure:
        return "Failing"
    if graph.known.suspended:
        return "Suspended"
    gated = running.gated
    if running.run.count(UnitState.BINDING, UnitState.RUNNING) > len(gated):
        return "Running"
    waits = graph.decided.started_at is None or graph.known.unserved or running.asking.waiting or gated
    return "Waiting" if waits else "Running"


def _by_reason(graph: GraphRun, running: Running) -> dict[Reason, list[int]]:
    """Shards that could start or run and do not, most structural reason first."""
    found: dict[Reason, list[int]] = {}
    for unit, decision in running.asking.waiting.items():
        if decision.reason is not None:
            found.setdefault(decision.reason, []).append(unit)
    if graph.startable:
        starting = set(running.wants.start)
        ready = (running.run.state == UnitState.READY).nonzero()[0].tolist()
        for unit in ready:
            if unit not in starting:
                quota = running.run.notes.get(unit, "").startswith(Reason.RESOURCE_QUOTA_EXCEEDED.value)
                found.setdefault(Reason.RESOURCE_QUOTA_EXCEEDED if quota else Reason.BACKING_OFF, []).append(unit)
    if gated := running.gated:
        found[Reason.SCHEDULING_GATED] = gated
    order = list(Reason)
    return dict(sorted(found.items(), key=lambda item: order.index(item[0])))


def _waiting(graph: GraphRun) -> str:
    running = graph.running
    if graph.known.refused is not None:
        return graph.known.refused.reason
    if graph.known.unserved is not None:
        return graph.known.unserved.reason
    if running is None or graph.known.suspended or running.run.failure:
        return ""
    words = [f"{reason.value} {len(units)}" for reason, units in _by_reason(graph, running).items()]
    return ", ".join(words)[:_LONGEST_WAITING]


def _templates_condition(graph: GraphRun, put: deadlines.Put, tell: deadlines.Tell) -> None:
    """Set only where a template is in doubt or wrong: while all are right, there is nothing to say."""
    doubt = graph.known.checking.doubt
    if doubt is not None:
        if put(_CHECKED, None if doubt.reason in (NOT_ANSWERED, UNSUPPORTED) else False, doubt.reason, doubt.message):
            tell("Warning", doubt.reason, doubt.message)
    elif conditions.find(graph.written.conditions, _CHECKED) is not None:
        put(_CHECKED, True, "Checked", "the API server has said what it makes of every template")


def _waiting_condition(graph: GraphRun, running: Running, now: float) -> None:
    found = _by_reason(graph, running) if graph.startable and not running.run.failure else {}
    if not found:
        if conditions.find(graph.written.conditions, "Waiting") is not None:
            conditions.put(graph.written.conditions, "Waiting", False, "NothingWaits", "", graph.known.generation, now)
        return
    sentences = [_sentence(running, reason, units) for reason, units in found.items()]
    reason = next(iter(found)).value
    conditions.put(graph.written.conditions, "Waiting", True, reason, "; ".join(sentences), graph.known.generation, now)


def _sentence(running: Running, reason: Reason, units: list[int]) -> str:
    """The first shard that waits for this reason, why, and how many others do."""
    unit = units[0]
    task = running.prepared.graph.tasks[int(running.prepared.graph.unit_task[unit])].name
    more = f" (and {len(units) - 1} more)" if len(units) > 1 else ""
    decision = running.asking.waiting.get(unit)
    why = decision.message if decision is not None else ""
    note = running.run.notes.get(unit, "").removeprefix(f"{reason.value}: ")
    if note:
        why = f"{why}; before that: {note}" if why else note
    return f"{reason.value}: task {task}{more}: {why}"
