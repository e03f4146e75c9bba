"""Which results of each task the graph needs, and whether its status can hold them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from bayplan.collaboration.choosing import ChoiceTerms
from bayplan.lifecycle import Flow
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import TaskGraphSpec
from bayplan_operator.translate.flow.errors import FlowError
from bayplan_operator.translate.flow.fusing import fused
from bayplan_operator.translate.flow.references import OutputRef
from bayplan_operator.translate.flow.repeating import Repeating

MAX_VALUE = 256
"""Bytes of a value that is kept, as JSON."""
MAX_RESULTS = 128 * 1024
"""Bytes of all values that are kept of a graph."""
_NUMBER = 32
"""Bytes of a number, as JSON, at most."""


@dataclass(frozen=True, slots=True)
class Need:
    """One result of a task that the graph keeps."""

    key: str
    by: str
    """The field that speaks of it."""
    number: bool = False
    """It has to be a number."""
    required: bool = True
    """A pod that succeeds without it has failed."""


Needed = Mapping[int, Mapping[str, Need]]
"""By number of a task, and key."""


def needed_of(
    spec: TaskGraphSpec,
    graph: Graph,
    flow: Flow | None,
    repeating: Repeating | None,
    spoken_of: Mapping[int, list[OutputRef]],
    choosers: Mapping[int, ChoiceTerms],
) -> Needed:
    """What is kept of each task. ``spoken_of``: per task, the results of others that its pods are told. Raises `FlowError`."""
    found: dict[int, dict[str, Need]] = {}
    for task, need in chain(_needs(spec, graph, flow, repeating, spoken_of), _of_choices(graph, choosers)):
        known = found.setdefault(task, {}).get(need.key)
        if known is None:
            found[task][need.key] = need
        else:
            found[task][need.key] = Need(
                need.key, known.by if known.required else need.by, known.number or need.number, known.required or need.required
            )
    _check_size(graph, found)
    for rule in () if flow is None else flow.backups:  # whichever is first says what the task is to say, and it is kept once
        found |= {backup: found[rule.task] for backup in rule.backups if rule.task in found}
    return found


def _needs(
    spec: TaskGraphSpec, graph: Graph, flow: Flow | None, repeating: Repeating | None, spoken_of: Mapping[int, list[OutputRef]]
) -> Iterator[tuple[int, Need]]:
    for number, task in enumerate(spec.tasks):
        for key in task.outputs:
            yield number, Need(key, f'outputs of task "{task.name}"', required=False)
        if task.fuse is not None and task.fuse.weight_by is not None:
            for parent in fused(task, graph, number):
                yield parent, Need(task.fuse.weight_by, f'fuse.weightBy of task "{task.name}"', number=True)
        if task.best_by is not None:
            for parent in graph.parents.of(number).tolist():
                yield parent, Need(task.best_by.metric, f'bestBy of task "{task.name}"', number=True)
        for reference in spoken_of.get(number, ()):
            yield graph.index[reference.task], Need(reference.key, f'$({reference}) of task "{task.name}"')
    for number, condition in ({} if flow is None else flow.when).items():
        for each in condition.references:
            yield graph.index[each.task], Need(each.key, f'when of task "{spec.tasks[number].name}"')
    for each, by in () if repeating is None else repeating.references:
        yield graph.index[each.task], Need(each.key, by, number=by != "spec.rounds.until")


def _of_choices(graph: Graph, choosers: Mapping[int, ChoiceTerms]) -> Iterator[tuple[int, Need]]:
    for number, chooser in choosers.items():
        name = graph.tasks[number].name
        if chooser.metric:  # a candidate that never says it would be tried for ever
            yield number, Need(chooser.metric, f'choose.metric of task "{name}"', number=True)
        for condition in chooser.conditions:
            for each in condition.references:
                yield graph.index[each.task], Need(each.key, f'choose.rules of task "{name}"')


def _check_size(graph: Graph, found: Needed) -> None:
    total = 0
    for task, needs in found.items():
        each = sum(len(need.key) + 4 + (_NUMBER if need.number else MAX_VALUE) for need in needs.values())
        total += graph.tasks[task].shards * each
    if total > MAX_RESULTS:
        raise FlowError(
            f"spec: the results that the graph needs of its pods may take {total:,} bytes, at most {MAX_RESULTS:,} can be "
            "kept: take fewer of them, or of tasks with fewer shards"
        )
