"""Workflow instances of WfCommons (https://wfcommons.org/format), schema 1.5, as submissions."""

from collections.abc import Mapping
from typing import Any

from bayplan.graph import Graph, GraphError, Task
from bayplan.resources import PODS
from bayplan.simulation import Submission
from bayplan.workload import RequestClass
from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.fields import Fields
from bayplan_operator.workflows.labels import label

VERSION = "1.5"
POLICY = "default"
SHORTEST = 0.001
"""Seconds; recorded run times of 0 count as this long, since a task takes some time."""


def is_instance(value: Mapping[str, Any]) -> bool:
    """Whether a document says that it is one."""
    return "kind" not in value and ("schemaVersion" in value or "workflow" in value)


def read(document: Document) -> Submission:
    """The graph, with the recorded run times as what is expected and what is true. Raises `InputError`.

    No TaskGraph is made of it: recorded workflows have tasks that wait for more others than a TaskGraph's may.
    """
    top = Fields(document, document.value)
    version = top.value.get("schemaVersion")
    if version != VERSION:
        raise top.fault("schemaVersion", f'it must be "{VERSION}", the version of the WfCommons format that is read')
    if not isinstance(top.value.get("workflow"), Mapping):
        raise top.fault("workflow", "it must be a map with specification and execution")
    workflow = top.map("workflow")
    ran = _ran(workflow)
    tasks, classes = [], []
    written = workflow.map("specification").maps("tasks", needed=True)
    for each in written:
        own = each.text("id")
        if own not in ran:
            raise each.fault("id", "workflow.execution.tasks has no task of that id, so its run time is not known")
        seconds = max(SHORTEST, ran[own].number("runtimeInSeconds", least=0))
        tasks.append(Task(own, tuple(map(str, each.items("parents"))), duration=seconds))
        classes.append(_request_class(ran[own]))
    try:
        graph = Graph.build(tasks)
    except GraphError as error:
        raise document.fault(f"workflow.specification.{error}", "workflow.specification.tasks") from error
    return Submission(f"default/{label(top.text('name', document.path.stem))}", graph, tuple(classes), policy=POLICY)


def _ran(workflow: Fields) -> dict[str, Fields]:
    found: dict[str, Fields] = {}
    for each in workflow.map("execution").maps("tasks", needed=True):
        if each.text("id") in found:
            raise each.fault("id", "there is another task of that id before it: ids must be unique")
        found[each.text("id")] = each
    return found


def _request_class(run: Fields) -> RequestClass:
    cores, memory = run.number("coreCount", 1, least=0), run.number("memoryInBytes", 0, least=0)
    asked = {"cpu": max(1, round(cores * 1000)), "memory": round(memory), PODS: 1}
    return RequestClass(tuple(sorted((name, amount) for name, amount in asked.items() if amount)))
