"""Backups of tasks, in the library's terms."""

from bayplan.lifecycle import BackupRule
from bayplan.model.graph import Graph
from bayplan_operator.api.v1alpha1 import P95, TaskGraphSpec
from bayplan_operator.translate.execution import backup_name, is_backup
from bayplan_operator.translate.flow.errors import Faults, FlowError


def backup_rules(spec: TaskGraphSpec, graph: Graph) -> tuple[BackupRule, ...]:
    """Per task that has any. Raises `FlowError`."""
    found, faults = [], Faults()
    for number, task in enumerate(spec.tasks):
        if task.backups is None or is_backup(task):
            continue
        where = f'spec.tasks[{number}] ("{task.name}")'
        with faults:
            if task.gang is not None:
                raise FlowError(f"{where} has backups and is a gang: a gang starts again as a whole, so leave backups out")
        after = task.backups.after
        found.append(
            BackupRule(
                task=number,
                backups=tuple(graph.index[backup_name(task.name, place)] for place in range(1, task.backups.count + 1)),
                after=after if isinstance(after, float) else None,
                learned=after == P95,
                budget=task.backups.budget,
            )
        )
    faults.told()
    return tuple(found)
