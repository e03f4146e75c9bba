"""The order of the tasks of a dag."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from bayplan_operator.workflows.argo.known_fields import DAG, look, name_fail_fast
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import Scope, filled
from bayplan_operator.workflows.fields import Fields

_NAME = re.compile(r"\s*([A-Za-z0-9_-]+)(?:\.Succeeded)?\s*")


class Dag:
    """The tasks of a dag that run, parents first. Raises `InputError`."""

    def __init__(self, dag: Fields, scope: Scope, remarks: Remarks) -> None:
        look(dag, DAG, remarks)
        name_fail_fast(dag, remarks)
        tasks = by_name(dag.maps("tasks", needed=True))
        parents = {name: _parents(task, tasks) for name, task in tasks.items()}
        order = _order(tasks, parents)
        targets = _targets(dag, tasks, scope)
        needed = set(targets)
        for name in reversed(order):
            if name in needed:
                needed.update(parents[name])
        self.tasks = {name: tasks[name] for name in order if name in needed}
        self.parents = {name: parents[name] for name in self.tasks}
        with_children = {parent for above in self.parents.values() for parent in above}
        self.ends = targets if "target" in dag.value else [name for name in self.tasks if name not in with_children]
        """The tasks with which the dag ends."""


def by_name(calls: list[Fields]) -> dict[str, Fields]:
    """Tasks, steps or templates. Raises `InputError` where two have one name."""
    found: dict[str, Fields] = {}
    for each in calls:
        name = each.text("name")
        if name in found:
            raise each.fault("name", f"{found[name].place} has that name too: names must be unique")
        found[name] = each
    return found


def _parents(task: Fields, known: Mapping[str, Fields]) -> list[str]:
    if task.value.get("depends"):
        if task.value.get("dependencies"):
            raise task.fault("dependencies", "depends is there too: it must be one of them")
        said = task.text("depends")
        parts = [_NAME.fullmatch(part) for part in said.split("&&")]
        found = [part.group(1) for part in parts if part is not None]
        if len(found) < len(parts):
            raise task.fault("depends", "only names joined by && can be read, each as it is or with .Succeeded")
        field = "depends"
    else:
        found, field = task.items("dependencies"), "dependencies"
    for parent in found:
        if not isinstance(parent, str) or parent not in known:
            raise task.document.fault(f'{task.at(field)} names "{parent}": there is no such task', task.at(field))
    return list(dict.fromkeys(found))


def _order(tasks: Mapping[str, Fields], parents: Mapping[str, list[str]]) -> list[str]:
    """Parents first, otherwise as in the file."""
    sorter = TopologicalSorter(parents)
    try:
        sorter.prepare()
    except CycleError as error:
        ring = list(reversed(error.args[1]))
        first = tasks[ring[0]]
        raise first.document.fault(f"{first.place} waits for itself: {' → '.join(ring)}", first.place) from error
    position = {name: number for number, name in enumerate(parents)}
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        order += ready
        sorter.done(*ready)
    return order


def _targets(dag: Fields, tasks: Mapping[str, Fields], scope: Scope) -> list[str]:
    """All tasks, where the dag does not say otherwise."""
    if not dag.value.get("target"):
        return list(tasks)
    found: list[str] = filled(dag.document, dag.text("target"), scope, dag.at("target")).split()
    for name in found:
        if name not in tasks:
            raise dag.fault("target", f'there is no task "{name}"')
    return found
