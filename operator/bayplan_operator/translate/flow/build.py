"""From the fields of a TaskGraph to the library's flow. References to other tasks are checked on the way."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayplan.lifecycle import BackupRule, BestBy, Condition, ConditionError, Flow, GangRule, Gate, Repeated, parse
from bayplan.model.arrays import IntArray
from bayplan.model.graph import Graph
from bayplan.model.spelling import unknown
from bayplan_operator.api.v1alpha1 import Task, TaskGraphSpec
from bayplan_operator.translate.execution import is_backup
from bayplan_operator.translate.flow.ancestors import Ancestors
from bayplan_operator.translate.flow.backups import backup_rules
from bayplan_operator.translate.flow.errors import Faults, FlowError

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
    ancestors, faults, repeated = Ancestors(graph), Faults(), None
    flow = Flow.plain(graph)
    minimum = flow.minimum
    conditions: Mapping[int, Condition] = {}
    best_by: Mapping[int, BestBy] = {}
    backups: tuple[BackupRule, ...] = ()
    with faults:
        repeated = None if spec.rounds is None else _repeated(spec, graph, ancestors)
        minimum = _minimum(spec, graph, flow, gangs, repeated)
    with faults:
        conditions = _conditions(spec, graph, ancestors)
    with faults:
        best_by = _best_by(spec)
    with faults:
        backups = backup_rules(spec, graph)
    faults.told()
    return Flow(
        gate=np.array([_GATES[task.gate] for task in spec.tasks], np.int8),
        minimum=minimum,
        optional=np.array([task.optional for task in spec.tasks], bool),
        when=conditions,
        best_by=best_by,
        repeated=repeated,
        gangs=tuple(gangs),
        backups=backups,
    )


def _minimum(spec: TaskGraphSpec, graph: Graph, flow: Flow, gangs: Sequence[GangRule], repeated: Repeated | None) -> IntArray:
    """Per task, of how many shards the graph needs the success."""
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
    return minimum


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
    faults = Faults()
    for position, name in enumerate(spec.rounds.tasks):
        with faults:
            if name not in graph.index:
                raise FlowError(f"{unknown(f'spec.rounds.tasks[{position}]', name, graph.index)}")
            tasks[graph.index[name]] = True
    faults.told()
    bits = sum(1 << number for number in tasks.nonzero()[0].tolist())
    for number in tasks.nonzero()[0].tolist():
        if is_backup(spec.tasks[number]):
            continue  # what is wrong with it is told of its task
        where = f'spec.tasks[{number}] ("{spec.tasks[number].name}")'
        with faults:
            _check_repeated(where, spec.tasks[number])
        for parent in graph.parents.of(number).tolist():
            if not tasks[parent] and ancestors.any_before(bits, parent):
                with faults:
                    raise _stray(where, graph.tasks[parent].name)
    faults.told()
    several = (tasks & (np.diff(graph.unit_start) > 1)).nonzero()[0].tolist() if spec.rounds.asynchronous else ()
    return Repeated(tasks, tasks[graph.unit_task], frozenset(several))


def _check_repeated(where: str, task: Task) -> None:
    if task.gate == "Always" or task.optional:
        what = "gate: Always" if task.gate == "Always" else "optional: true"
        raise FlowError(
            f"{where} has {what} and is one of spec.rounds.tasks: leave one of them out, since a round needs each of its tasks"
        )


def _stray(where: str, before: str) -> FlowError:
    return FlowError(
        f'{where} repeats, and waits for "{before}", which follows a repeated task and does not repeat: put "{before}" into '
        "spec.rounds.tasks"
    )


def _conditions(spec: TaskGraphSpec, graph: Graph, ancestors: Ancestors) -> dict[int, Condition]:
    shards, faults, found = {each.name: each.shards for each in graph.tasks}, Faults(), {}
    for number, task in enumerate(spec.tasks):
        if task.when and not (is_backup(task) and faults):  # what is wrong with it was told of its task
            with faults:
                found[number] = _when(spec, graph, ancestors, shards, number)
    faults.told()
    return found


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


def _best_by(spec: TaskGraphSpec) -> dict[int, BestBy]:
    """Of the tasks that take the best of those before them."""
    faults, found = Faults(), {}
    for number, task in enumerate(spec.tasks):
        if not is_backup(task):
            with faults:
                _check_gate(f'spec.tasks[{number}] ("{task.name}")', task)
        if task.best_by is not None:
            found[number] = BestBy(task.best_by.metric, task.best_by.goal == "Maximize")
    faults.told()
    return found


def _check_gate(where: str, task: Task) -> None:
    if task.gate in ("Any", "BestOf") and not task.depends_on:
        raise FlowError(f"{where} has gate: {task.gate} and no dependsOn: name the tasks that it waits for")
    if (task.gate == "BestOf") != (task.best_by is not None):
        advice = "say by which metric" if task.best_by is None else "leave bestBy out, or write gate: BestOf"
        raise FlowError(
            f"{where} has {'gate: BestOf and no bestBy' if task.best_by is None else 'bestBy and no gate: BestOf'}: {advice}"
        )
