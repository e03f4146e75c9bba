"""What the pod of a unit is given of the tasks before it, as the run stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from bayplan.lifecycle import Flow, Value, ages, attempt_number, inputs, succeeded
from bayplan_operator import names
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.flow.fusing import parameters
from bayplan_operator.translate.flow.gangs import Member
from bayplan_operator.translate.flow.given import NOTHING, Given, Handed
from bayplan_operator.translate.flow.references import OutputRef
from bayplan_operator.translate.flow.workspace import mounted
from bayplan_operator.translate.pod import GraphRef


def given_to(running: Running, ref: GraphRef, unit: int) -> Given:
    """O(shards of the tasks before)."""
    prepared, run = running.prepared, running.run
    graph, relations = prepared.graph, prepared.relations
    task = int(graph.unit_task[unit])
    written, template = prepared.spec.tasks[task], prepared.templates[task].spec
    reads = any(mounted(container) for container in template.get("containers") or ())
    if not (reads or relations.spoken_of.get(task) or written.data or relations.flow):
        return NOTHING
    flow = relations.flow or Flow.plain(graph)
    before = inputs(graph, flow, run, task)
    repeated = flow.repeated is not None and bool(flow.repeated.tasks[task])
    return Given(
        selector=prepared.selector(unit),
        values={each: _value(running, each) for each in relations.spoken_of.get(task, ())},
        round=run.round if repeated else 0,
        inputs={graph.tasks[parent].name: _handed(running, flow, parent, each) for parent, each in before.items()},
        previous=_previous(running, flow) if repeated and run.round > 1 else None,
        fuse=_fuse(running, task, before) if written.fuse is not None else None,
        joint=_joint(running) if repeated else {},
        work=_work(running, flow, unit),
        member=_member(running, ref, unit),
    )


def _work(running: Running, flow: Flow, unit: int) -> tuple[str, int] | None:
    """The task that the unit does again, and under which number its attempt counts there."""
    graph = running.prepared.graph
    task = int(graph.unit_task[unit])
    if task not in flow.backed_up_by:
        return None
    primary, rule = flow.backed_up_by[task]
    place = rule.backups.index(task) + 1
    return graph.tasks[primary].name, attempt_number(int(running.run.incarnation[unit]) + 1, place)


def _joint(running: Running) -> dict[str, float]:
    repeating, rounds = running.prepared.relations.repeating, running.rounds
    if repeating is None or repeating.joint is None or rounds is None:
        return {}
    terms = repeating.joint.terms
    weights = rounds.joint if len(rounds.joint) == len(terms) else [each.weight for each in terms]
    return {each.name: weight for each, weight in zip(terms, weights, strict=True)}


def _member(running: Running, ref: GraphRef, unit: int) -> Member | None:
    graph, relations = running.prepared.graph, running.prepared.relations
    if relations.flow is None or not relations.flow.together(unit):
        return None
    plan = relations.gangs[relations.flow.gang_of[unit]]
    task, first = int(graph.unit_task[unit]), running.prepared.spec.tasks[plan.tasks[0]]
    return Member(
        gang=plan.rule.name,
        service=names.gang_service(ref.name, ref.uid, plan.rule.name),
        rank=relations.flow.rank_of[unit],
        size=len(plan.rule.units),
        stage=first.stages[plan.tasks.index(task)].name if first.stages else "",
        port=plan.port,
        minimum=plan.rule.minimum,
    )


def _handed(running: Running, flow: Flow, task: int, attempts: Sequence[int]) -> Handed:
    """What a task before has left. The shards of an asynchronous one may have begun in earlier rounds."""
    old = ages(running.prepared.graph, running.run, task)
    if not any(old.values()):
        return Handed(_round(running, flow, task), attempts)
    start = int(running.prepared.graph.unit_start[task])
    rounds = [running.run.round - old.get(start + shard, 0) for shard in range(len(attempts))]
    return Handed(running.run.round, attempts, rounds)


def _round(running: Running, flow: Flow, task: int) -> int:
    return running.run.round if flow.repeated is not None and flow.repeated.tasks[task] else 0


def _previous(running: Running, flow: Flow) -> dict[str, Handed]:
    graph, run = running.prepared.graph, running.run
    assert flow.repeated is not None
    found = {}
    for task in flow.repeated.tasks.nonzero()[0].tolist():
        if task in flow.repeated.asynchronous:
            continue  # what its shards have done is of several rounds
        units = range(int(graph.unit_start[task]), int(graph.unit_start[task + 1]))
        found[graph.tasks[task].name] = Handed(run.round - 1, [run.round_before.get(unit, 0) for unit in units])
    return found


def _value(running: Running, reference: OutputRef) -> str:
    """As it stands in an argument."""
    graph, run = running.prepared.graph, running.run
    unit = int(graph.unit_start[graph.index[reference.task]])
    value: Value = run.results.get(unit, {}).get(reference.key, "")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fuse(running: Running, task: int, before: Mapping[int, Any]) -> dict[str, Any]:
    """The settings of a task that fuses, and what each input counts by what it said."""
    graph, run = running.prepared.graph, running.run
    fuse = running.prepared.spec.tasks[task].fuse
    assert fuse is not None
    weights = None
    if fuse.weight_by is not None or run.round_weights:
        weights = {}
        for parent in before:
            if graph.tasks[parent].name == fuse.reference:
                continue
            start, counted = int(graph.unit_start[parent]), succeeded(graph, running.prepared.relations.flow, run, parent)
            key = fuse.weight_by
            said = [1 if key is None else run.results.get(start + shard, {}).get(key, 0) for shard in range(len(counted))]
            drawn = [run.round_weights.get(start + shard, 1.0) for shard in range(len(counted))]
            weights[graph.tasks[parent].name] = [
                float(each) * more if attempt else 0 for each, more, attempt in zip(said, drawn, counted, strict=True)
            ]
    return {
        "method": fuse.method,
        "from": fuse.from_,
        "to": fuse.to or fuse.from_,
        "parameters": parameters(fuse),
        "weights": weights,
        "reference": fuse.reference,
        **({"ages": _ages(running, before)} if run.taken else {}),
    }


def _ages(running: Running, before: Mapping[int, Sequence[int]]) -> dict[str, list[int]]:
    """Per task and shard, how many rounds ago its work began."""
    graph = running.prepared.graph
    found = {}
    for parent, attempts in before.items():
        old, start = ages(graph, running.run, parent), int(graph.unit_start[parent])
        found[graph.tasks[parent].name] = [old.get(start + shard, 0) for shard in range(len(attempts))]
    return found
