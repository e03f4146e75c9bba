"""The rounds of a graph, as its status records them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bayplan.lifecycle import Run, UnitState
from bayplan.model.graph import Graph
from bayplan_operator.translate import round_record
from bayplan_operator.translate.flow.repeating import Repeating
from bayplan_operator.translate.task_graph import Prepared
from bayplan_operator.views.model.rounds import RoundsView, RoundView

_LINE = re.compile(r"(\d{1,8}) (\d{1,8})/(\d{1,8})(?: ([0-9.]{1,20})s)?(?: |$)", re.ASCII)


def read(prepared: Prepared, run: Run, status: Mapping[str, Any]) -> RoundsView | None:
    """``None``: nothing of the graph repeats. O(repeated units + rounds)."""
    graph, relations = prepared.graph, prepared.relations
    if relations.repeating is None or relations.flow is None or relations.flow.repeated is None:
        return None
    repeated = relations.flow.repeated.units.nonzero()[0].tolist()
    rule, metric = relations.repeating.rule, str(relations.repeating.metric or "")
    number = max(run.round, 1)
    coming = round_record.read_next(graph, status)
    without = _names(graph, (unit for unit in repeated if run.state[unit] in (UnitState.FAILED, UnitState.SKIPPED)))
    before = _names(graph, (unit for unit in repeated if unit not in run.round_before)) if run.round_before else None
    known = {number: without, number - 1: before}
    found = (_round(line, metric) for line in round_record.read_history(status))
    return RoundsView(
        number=number,
        max=rule.most,
        next=None if coming is None else coming.number,
        until=str(rule.until or ""),
        metric=metric,
        joint=_joint(relations.repeating, status),
        over=round_record.read_over(status),
        without=without,
        left_out=() if coming is None else _names(graph, sorted(coming.left_out)),
        history=tuple(
            RoundView(each.number, each.succeeded, each.taking_part, each.seconds, each.figure, known.get(each.number))
            for each in found
            if each is not None
        ),
    )


def _joint(repeating: Repeating, status: Mapping[str, Any]) -> dict[str, float]:
    """What each term of the joint loss counts."""
    if repeating.joint is None:
        return {}
    first = [each.weight for each in repeating.joint.terms]
    later = round_record.read_joint(status)
    weights = later if len(later) == len(first) else first
    return {each.name: weight for each, weight in zip(repeating.joint.terms, weights, strict=True)}


def _round(line: str, metric: str) -> RoundView | None:
    """Of a line of the history, such as "3 5/5 12.5s evaluate.accuracy=0.94". ``None``: it was edited."""
    match = _LINE.match(line)
    if match is None:
        return None
    figure = next((word.removeprefix(f"{metric}=") for word in line.split(" ") if metric and word.startswith(f"{metric}=")), "")
    number, succeeded, taking_part = (int(match[group]) for group in (1, 2, 3))
    return RoundView(number, succeeded, taking_part, _number(match[4] or ""), _number(figure), None)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # it is missing, or was edited


def _names(graph: Graph, units: Iterable[int]) -> tuple[str, ...]:
    return tuple(name(graph, unit) for unit in units)


def name(graph: Graph, unit: int) -> str:
    """A shard by its task, such as local/2; of a task with one shard, the task."""
    task = int(graph.unit_task[unit])
    shard = unit - int(graph.unit_start[task])
    return graph.tasks[task].name + (f"/{shard}" if graph.tasks[task].shards > 1 else "")
