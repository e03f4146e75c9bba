"""From the fields of a TaskGraph to the library's flow. References to other tasks are checked on the way."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayplan.lifecycle import BestBy, Condition, ConditionError, Flow, GangRule, Gate, Repeated, parse
from bayplan.model.graph import Graph
from bayplan.model.spelling import unknown
from bayplan_operator.api.v1alpha1 import Task, TaskGraphSpec
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.backups import backup_rules
from bayplan_operator.translate.flow.errors import FlowError

_GATES = {"All": Gate.ALL, "Any": Gate.ANY, "BestOf": Gate.BEST, "Always": Gate.ALWAYS}


def needs_flow(spec: TaskGraphSpec) -> bool:
    """Something in it is more than "once all before have succeeded"."""
    return spec.rounds is not None or any(map(_needs, spec.tasks))


def _needs(task: Task) -> bool:
    extras = (task.when, task.fuse, task.gang, task.backups)
    return task.gate != "All" or task.optional or any(each is not None for each in extras)


def flow_of(spec: TaskGraphSpec, graph: Graph, gangs: Sequence[GangRule] = ()) -> Flow | None:
    """``None``: each task starts once all before it have succeeded. Raises `FlowError`. O(tasks + edges)."""
    if not needs_flow(spec):
        return None
    ancestors = Ancestors(graph)
    repeated = None if spec.rounds is None else _repeated(spec, graph, ancestors)
    flow = Flow.plain(graph)
    minimum = flow.minimum.copy()
    for gang in gangs:
        first = int(graph.unit_task[gang.units[0]])
        minimum[first] = min(gang.minimum, int(minimum[first]))  # with stages it needs each of its units
    if repeated is not None and spec.rounds is not None and spec.rounds.minimum is not None:
        shards = np.diff(graph.unit_start)
        alone = np.array([task.gang is None for task in spec.tasks])  # a gang says itself with how many members it runs
        many = repeated.tasks & (shards > 1) & alone
        _check_minimum(spec, graph, int(shards[many].max()) if many.any() else 1)
        minimum[many] = np.minimum(shards[many], spec.rounds.minimum)
    return Flow(
        gate=np.array([_GATES[task.gate] for task in spec.tasks], np.int8),
        minimum=minimum,
        optional=np.array([task.optional for task in spec.tasks], bool),
        when=_conditions(spec, graph, ancestors),
        best_by={number: _best_by(number, task) for number, task in enumerate(spec.tasks) if _best(number, task)},
        repeated=repeated,
        gangs=tuple(gangs),
        backups=backup_rules(spec, graph),
    )


def _check_minimum(spec: TaskGraphSpec, graph: Graph, most: int) -> None:
    assert spec.rounds is not None
    if spec.rounds.minimum is not None and spec.rounds.minimum > most:
        raise FlowError(
            f"spec.rounds.minimum is {spec.rounds.minimum}: it must be at most {most}, the shards of the largest repeated task "
            "that is no gang"
        )


def _repeated(spec: TaskGraphSpec, graph: Graph, ancestors: Ancestors) -> Repeated:
    assert spec.rounds is not None
    tasks = np.zeros(len(graph.tasks), bool)
    for position, name in enumerate(spec.rounds.tasks):
        if name not in graph.index:
            raise FlowError(f"{unknown(f'spec.rounds.tasks[{position}]', name, graph.index)}")
        tasks[graph.index[name]] = True
    bits = sum(1 << number for number in tasks.nonzero()[0].tolist())
    for number, task in enumerate(spec.tasks):
        if tasks[number] and (task.gate == "Always" or task.optional):
            what = "gate: Always" if task.gate == "Always" else "optional: true"
            raise FlowError(
                f'spec.tasks[{number}] ("{task.name}") has {what} and is one of spec.rounds.tasks: leave one of them out, '
                "since a round needs each of its tasks"
            )
        strays = [parent for parent in graph.parents.of(number).tolist() if tasks[number] and not tasks[parent]]
        for parent in strays:
            if ancestors.any_before(bits, parent):
                raise FlowError(
                    f'spec.tasks[{number}] ("{task.name}") repeats, and waits for "{graph.tasks[parent].name}", which follows '
                    f'a repeated task and does not repeat: put "{graph.tasks[parent].name}" into spec.rounds.tasks'
                )
    several = (tasks & (np.diff(graph.unit_start) > 1)).nonzero()[0].tolist() if spec.rounds.asynchronous else ()
    return Repeated(tasks, tasks[graph.unit_task], frozenset(several))


def _conditions(spec: TaskGraphSpec, graph: Graph, ancestors: Ancestors) -> dict[int, Condition]:
    shards = {each.name: each.shards for each in graph.tasks}
    return {n: _when(spec, graph, ancestors, shards, n) for n, task in enumerate(spec.tasks) if task.when}


def _when(spec: TaskGraphSpec, graph: Graph, ancestors: Ancestors, shards: Mapping[str, int], number: int) -> Condition:
    task = spec.tasks[number]
    where = f'spec.tasks[{number}].when ("{task.name}")'
    condition = condition_of(where, task.when or "", shards)
    for each in condition.references:
        if not ancestors.is_before(graph.index[each.task], number):
            raise FlowError(
                f'{where} speaks of "{each.task}", which need not have run by then: put it, or a task that follows it, into '
                f'dependsOn of "{task.name}"'
            )
    return condition


def condition_of(where: str, text: str, shards: Mapping[str, int]) -> Condition:
    """A condition that the graph may use. Raises `FlowError`."""
    try:
        condition = parse(text)
        condition.check(shards)
    except ConditionError as error:
        raise FlowError(f"{where}: {error}") from error
    if (never := condition.never()) is not None:
        raise FlowError(f"{where} can never hold: {never}")
    return condition


def _best(number: int, task: Task) -> bool:
    where = f'spec.tasks[{number}] ("{task.name}")'
    if task.gate in ("Any", "BestOf") and not task.depends_on:
        raise FlowError(f"{where} has gate: {task.gate} and no dependsOn: name the tasks that it waits for")
    if (task.gate == "BestOf") != (task.best_by is not None):
        advice = "say by which metric" if task.best_by is None else "leave bestBy out, or write gate: BestOf"
        raise FlowError(
            f"{where} has {'gate: BestOf and no bestBy' if task.best_by is None else 'bestBy and no gate: BestOf'}: {advice}"
        )
    return task.best_by is not None


def _best_by(number: int, task: Task) -> BestBy:
    assert task.best_by is not None
    return BestBy(task.best_by.metric, task.best_by.goal == "Maximize")
