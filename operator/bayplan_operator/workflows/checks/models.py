"""All that a model, and what goes beyond a model, has against a TaskGraph or a PlacementPolicy, each with its place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from pydantic import ValidationError

from bayplan.model.graph import Graph, GraphError, Task
from bayplan.model.graph_checks import parent_lists, same_name
from bayplan_operator.api import validation
from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.api.v1alpha1 import PlacementPolicy, TaskGraph
from bayplan_operator.workflows.documents import Document, InputError

_PATH = re.compile(r"spec(?:[.]\w+|\[\d+\])+", re.ASCII)
_NAMED = re.compile(r'^(spec[.]tasks\[\d+\]) \("[^"]*"\)(?=[.])')
"""What stands between a task's number and a field of it."""
_TASK = re.compile(r'task "([^"]+)"|dependsOn forms a cycle: (\S+) ')


def graph_faults(document: Document, known: Sequence[str]) -> Iterator[InputError]:
    """Of a TaskGraph that cannot run. `known`: what is known to be wrong."""
    value = {**without_nulls(document.value), "status": {}}
    tasks = _tasks(value["spec"].get("tasks"))
    sentences = list(_as_a_graph(tasks))
    try:
        TaskGraph.model_validate(value)
        sentences += known
    except ValidationError as error:
        yield from _model_faults(document, error)
    with suppress(ValidationError):  # told above
        sentences += validation.graph_problems(TaskGraph.model_validate({**value, "metadata": {}}).spec)
    places = {task.name: f"spec.tasks[{number}]" for number, task in reversed([*enumerate(tasks)])}
    for sentence in dict.fromkeys(sentences):
        yield document.fault(sentence, _place(sentence, places))


def _tasks(raw: object) -> list[Task]:
    """Names and dependencies, as far as they can be read."""
    found = []
    for each in raw if isinstance(raw, list) else ():
        task = each if isinstance(each, Mapping) else {}
        parents = task.get("dependsOn")
        names = [parent.get("task") for parent in (parents if isinstance(parents, list) else ()) if isinstance(parent, Mapping)]
        found.append(Task(str(task.get("name", "")), tuple(name for name in names if isinstance(name, str))))
    return found


def policy_faults(document: Document, first: str) -> Iterator[InputError]:
    """Of a PlacementPolicy that cannot be used."""
    try:
        PlacementPolicy.model_validate({name: part for name, part in document.value.items() if name != "status"})
    except ValidationError as error:
        yield from _model_faults(document, error)
    else:
        yield document.fault(first, first.split(" ", 1)[0].rstrip(":"))


def _model_faults(document: Document, error: ValidationError) -> Iterator[InputError]:
    for detail in validation.details(error):
        place = validation.path(detail["loc"])
        if detail["type"] == "string_type" and isinstance(detail["input"], bool | int | float):
            yield document.unquoted(place, detail["input"])
        else:
            yield document.fault(validation.sentence_of(detail), place)


def _as_a_graph(tasks: Sequence[Task]) -> Iterator[str]:
    """Names that are given twice, dependencies that are unknown, and a cycle, if there is one."""
    index: dict[str, int] = {}
    for number, task in enumerate(tasks):
        if task.name and index.setdefault(task.name, number) != number:
            yield same_name(task.name, index[task.name], number)
    others = {name: number + 1 for name, number in index.items()}
    for task in tasks:
        try:
            # By itself, as number 0: with the others, the first that is wrong would hide those behind it.
            parent_lists([task], {**others, task.name: 0} if task.name in task.depends_on else others)
        except GraphError as error:
            yield str(error)
    if tasks and all(task.name for task in tasks):
        try:
            Graph.build(tasks)
        except GraphError as error:
            yield str(error)


def _place(sentence: str, places: Mapping[str, str]) -> str:
    """The path at the beginning of a sentence of validation, that of the task that it begins with, or the first in it."""
    first = _NAMED.sub(r"\1", sentence).split(" ", 1)[0].rstrip(":")
    if first.startswith("tasks["):
        return f"spec.{first}"
    if first.startswith("spec"):
        return first
    task, path = _TASK.match(sentence), _PATH.search(sentence)
    if task:
        return places.get(task[1] or task[2], "spec.tasks")
    return path[0] if path else "spec.tasks"
