"""Workflow instances of WfCommons (https://wfcommons.org/format), schema 1.5."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.graph import Graph, GraphError, Task
from bayplan.model.resources import PODS
from bayplan.model.workload import RequestClass
from bayplan.simulation import Submission
from bayplan_operator.workflows.documents import Document, Findings
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.labels import label

VERSION = "1.5"
POLICY = "default"
SHORTEST = 0.001
"""Seconds; recorded run times of 0 count as this long, since a task takes some time."""


@dataclass(frozen=True, slots=True, eq=False)
class Workflow:
    """Tasks as they ran, and what they handed to each other."""

    name: str
    names: tuple[str, ...]
    """Identifiers of the tasks."""
    seconds: FloatArray
    """Shape (tasks,): recorded run times."""
    classes: tuple[RequestClass, ...]
    """Per task, what it used."""
    parents: IntArray
    """Shape (edges,): the task that has to end first. Edges are sorted by the task that waits."""
    children: IntArray
    """Shape (edges,): the task that waits for it."""
    bytes: FloatArray
    """Shape (edges,): the sizes of the parent's outputs that are inputs of the child."""


def is_instance(value: Mapping[str, Any]) -> bool:
    """Whether a document says that it is one."""
    return "kind" not in value and ("schemaVersion" in value or "workflow" in value)


def read(document: Document) -> Submission:
    """The graph, with the recorded run times as what is expected and what is true. Raises `InputError`.

    No TaskGraph is made of it: recorded workflows have tasks that wait for more others than a TaskGraph's may.
    """
    found = read_workflow(document)
    above: list[list[str]] = [[] for _ in found.names]
    for parent, child in zip(found.parents.tolist(), found.children.tolist(), strict=True):
        above[child].append(found.names[parent])
    tasks = [
        Task(name, tuple(of_one), duration=max(SHORTEST, seconds))
        for name, of_one, seconds in zip(found.names, above, found.seconds.tolist(), strict=True)
    ]
    try:
        graph = Graph.build(tasks)
    except GraphError as error:
        raise document.fault(f"workflow.specification.{error}", "workflow.specification.tasks") from error
    return Submission(f"default/{found.name}", graph, found.classes, policy=POLICY, data=found.bytes)


def read_workflow(document: Document) -> Workflow:
    """Its tasks, edges and bytes, whatever runs them. Cycles are not looked for. Raises `InputError` with all that is wrong."""
    top = Fields(document, document.value)
    version = top.value.get("schemaVersion")
    if version != VERSION:
        raise top.fault("schemaVersion", f'it must be "{VERSION}", the version of the WfCommons format that is read')
    if not isinstance(top.value.get("workflow"), Mapping):
        raise top.fault("workflow", "it must be a map with specification and execution")
    workflow, wrong = top.map("workflow"), Findings()
    specification = workflow.map("specification")
    tasks = specification.maps("tasks", needed=True)
    if not tasks:
        raise specification.fault("tasks", "a workflow needs at least one task")
    ran = _by_id(workflow.map("execution").maps("tasks", needed=True), wrong)
    by_id = _by_id(tasks, wrong)
    index = {name: number for number, name in enumerate(by_id)}
    for name, each in by_id.items():
        if name not in ran:
            wrong.add(each.fault("id", "workflow.execution.tasks has no task of that id, so its run time is not known"))
    for name, run in ran.items() if index.keys() <= ran.keys() else ():  # else an id is misspelt, and told
        if name not in index:
            wrong.add(run.fault("id", "workflow.specification.tasks has no task of that id"))
    runs = [ran[name] for name in index if name in ran]
    edges = _edges(tasks, index, wrong)
    files = _by_id(specification.maps("files"), wrong)
    sizes = {name: wrong.attempt(partial(file.number, "sizeInBytes", least=0), 0.0) for name, file in files.items()}
    outputs, inputs = ([_files(task, field, sizes, wrong) for task in tasks] for field in ("outputFiles", "inputFiles"))
    seconds = [wrong.attempt(partial(run.number, "runtimeInSeconds", least=0), 0.0) for run in runs]
    classes = [wrong.attempt(partial(_request_class, run), None) for run in runs]
    wrong.told()
    moved = [sum(sizes.get(name, 0) for name in sorted(outputs[parent] & inputs[child])) for parent, child in edges]
    return Workflow(
        name=label(top.text("name", document.path.stem)),
        names=tuple(index),
        seconds=np.array(seconds, np.float64),
        classes=tuple(filter(None, classes)),
        parents=np.array([parent for parent, _ in edges], np.int64),
        children=np.array([child for _, child in edges], np.int64),
        bytes=np.array(moved, np.float64),
    )


def _by_id(maps: Sequence[Fields], wrong: Findings) -> dict[str, Fields]:
    found: dict[str, Fields] = {}
    for each in maps:
        with wrong.gathered():
            if found.setdefault(each.text("id"), each) is not each:
                raise each.fault("id", "there is another of that id before it: ids must be unique")
    return found


def _edges(tasks: Sequence[Fields], index: Mapping[str, int], wrong: Findings) -> list[tuple[int, int]]:
    """Each once, sorted by child; a file may name an edge at either of its ends."""
    edges: dict[tuple[int, int], None] = {}
    for number, task in enumerate(tasks):
        for field in ("parents", "children"):
            for place, name in enumerate(wrong.attempt(partial(task.items, field), list[Any]())):
                other = index.get(name) if isinstance(name, str) else None
                if other is None:
                    wrong.add(task.item_fault(field, place, "there is no task of that id"))
                else:
                    edges[(other, number) if field == "parents" else (number, other)] = None
    return sorted(edges, key=lambda edge: edge[1])


def _files(task: Fields, field: str, sizes: Mapping[str, float], wrong: Findings) -> set[str]:
    """Names of files; where the workflow lists no files at all, nothing is known of their sizes."""
    found = set()
    for place, name in enumerate(wrong.attempt(partial(task.items, field), list[Any]())):
        if isinstance(name, str) and (not sizes or name in sizes):
            found.add(name)
        else:
            wrong.add(task.item_fault(field, place, "workflow.specification.files has no file of that id"))
    return found


def _request_class(run: Fields) -> RequestClass:
    cores, memory = run.number("coreCount", 1, least=0), run.number("memoryInBytes", 0, least=0)
    asked = {"cpu": max(1, round(cores * 1000)), "memory": round(memory), PODS: 1}
    return RequestClass(tuple(sorted((name, amount) for name, amount in asked.items() if amount)))
