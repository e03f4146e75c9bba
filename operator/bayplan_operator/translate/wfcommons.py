"""Workflow runs in WfCommons' JSON format, version 1.5, as columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "1.5"


class WorkflowError(ValueError):
    """The text is no workflow that can be read; the message names the place in it."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """Tasks as they ran, and what they handed to each other."""

    names: tuple[str, ...]
    """Identifiers of the tasks."""
    seconds: NDArray[np.float64]
    """Shape (tasks,): run times."""
    parents: NDArray[np.int64]
    """Shape (edges,): the task that has to end first."""
    children: NDArray[np.int64]
    """Shape (edges,): the task that waits for it."""
    bytes: NDArray[np.float64]
    """Shape (edges,): the sizes of the parent's outputs that are inputs of the child."""


def read_workflow(text: str) -> Workflow:
    """The workflow of a JSON document. Raises `WorkflowError`."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise WorkflowError(f"line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}") from error
    top = _mapping(document, "the document")
    version = top.get("schemaVersion")
    if version != VERSION:
        raise WorkflowError(
            f"schemaVersion is {json.dumps(version)}: only version {VERSION} of the WfCommons format can be read"
        )
    workflow = _mapping(_get(top, "workflow", ""), "workflow")
    specification = _mapping(_get(workflow, "specification", "workflow."), "workflow.specification")
    execution = _mapping(_get(workflow, "execution", "workflow."), "workflow.execution")
    place = "workflow.specification.tasks"
    tasks = _list(_get(specification, "tasks", "workflow.specification."), place)
    if not tasks:
        raise WorkflowError(f"{place} is empty: a workflow needs at least one task")
    index: dict[str, int] = {}
    for number, task in enumerate(tasks):
        name = _identifier(task, f"{place}[{number}]")
        if name in index:
            raise WorkflowError(f'{place}[{number}].id is "{name}", as is that of {place}[{index[name]}]: they must differ')
        index[name] = number
    seconds = _seconds(_list(_get(execution, "tasks", "workflow.execution."), "workflow.execution.tasks"), index)
    edges = _edges(tasks, index)
    sizes = _sizes(_list(specification.get("files", []), "workflow.specification.files"))
    outputs = [_files(task, "outputFiles", f"{place}[{number}]", sizes) for number, task in enumerate(tasks)]
    inputs = [_files(task, "inputFiles", f"{place}[{number}]", sizes) for number, task in enumerate(tasks)]
    moved = [sum(sizes[name] for name in sorted(outputs[parent] & inputs[child])) for parent, child in edges]
    return Workflow(
        names=tuple(index),
        seconds=seconds,
        parents=np.array([parent for parent, _ in edges], np.int64),
        children=np.array([child for _, child in edges], np.int64),
        bytes=np.array(moved, np.float64),
    )


def _seconds(runs: Sequence[Any], index: Mapping[str, int]) -> NDArray[np.float64]:
    seconds = np.full(len(index), np.nan)
    for number, run in enumerate(runs):
        place = f"workflow.execution.tasks[{number}]"
        name = _identifier(run, place)
        if name not in index:
            raise WorkflowError(f'{place}.id is "{name}", which is no task of workflow.specification.tasks')
        seconds[index[name]] = _number(_get(run, "runtimeInSeconds", f"{place}."), f"{place}.runtimeInSeconds")
    for name, number in index.items():
        if np.isnan(seconds[number]):
            raise WorkflowError(f'workflow.execution.tasks has no run of task "{name}": its runtimeInSeconds is needed')
    return seconds


def _edges(tasks: Sequence[Any], index: Mapping[str, int]) -> list[tuple[int, int]]:
    """Each once; a file may name an edge at either of its ends."""
    edges: dict[tuple[int, int], None] = {}
    for number, task in enumerate(tasks):
        for field in ("parents", "children"):
            place = f"workflow.specification.tasks[{number}].{field}"
            for entry, name in enumerate(_list(task.get(field, []), place)):
                other = index.get(name) if isinstance(name, str) else None
                if other is None:
                    raise WorkflowError(f"{place}[{entry}] is {json.dumps(name)}, an unknown task")
                edges[(other, number) if field == "parents" else (number, other)] = None
    return list(edges)


def _sizes(files: Sequence[Any]) -> dict[str, float]:
    sizes = {}
    for number, file in enumerate(files):
        place = f"workflow.specification.files[{number}]"
        name = _identifier(file, place)
        sizes[name] = _number(_get(file, "sizeInBytes", f"{place}."), f"{place}.sizeInBytes")
    return sizes


def _files(task: Mapping[str, Any], field: str, place: str, sizes: Mapping[str, float]) -> set[str]:
    names = _list(task.get(field, []), f"{place}.{field}")
    for number, name in enumerate(names):
        if not isinstance(name, str) or name not in sizes:
            raise WorkflowError(
                f"{place}.{field}[{number}] is {json.dumps(name)}, which workflow.specification.files does not have"
            )
    return set(names)


def _identifier(value: Any, place: str) -> str:
    name = _get(_mapping(value, place), "id", f"{place}.")
    if not isinstance(name, str) or not name:
        raise WorkflowError(f"{place}.id is {json.dumps(name)}: it must be a text that is not empty")
    return name


def _get(value: Mapping[str, Any], field: str, place: str) -> Any:
    if field not in value:
        raise WorkflowError(f"{place}{field} is missing")
    return value[field]


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise WorkflowError(f"{place} is {_kind(value)}: it must be an object")
    return value


def _list(value: Any, place: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise WorkflowError(f"{place} is {_kind(value)}: it must be a list")
    return value


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise WorkflowError(f"{place} is {json.dumps(value)}: it must be a finite number, 0 or above")
    return float(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
