"""From a TaskGraph to what the conductor runs: the library's graph and finished pod templates."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import ValidationError

from bayplan.graph import Graph, GraphError
from bayplan.graph import Task as LibraryTask
from bayplan.lifecycle import Retry
from bayplan.prediction import Run
from bayplan_operator.api import validation
from bayplan_operator.api.merge import effective_retry, pod_template
from bayplan_operator.api.v1alpha1 import PodTemplate, Task, TaskGraph, TaskGraphSpec
from bayplan_operator.translate.pod import Template
from bayplan_operator.translate.request_class import request_class
from bayplan_operator.translate.task_identity import runs

DEFAULT_DURATION = 60.0
"""Seconds that a task is taken to run when nobody said how long."""

MAX_PODS = 20_000
"""Shards of all tasks of a graph together; its status would outgrow what the API server stores."""


MAX_BYTES = 1_300_000
"""Of the object with its record; what is above about 1.5 MB cannot be stored, and managed fields take some of it."""

_BYTES_PER_UNIT, _BYTES_PER_TASK = 45, 35
"""What the record of a unit and the managed fields of a task come to, beside the task's name."""


class InvalidGraph(ValueError):
    """The graph cannot run; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid graph, ready to run."""

    spec: TaskGraphSpec
    graph: Graph
    templates: tuple[Template, ...]
    """Per task; tasks made from the same parts share one."""
    size: int
    """Bytes of the spec as JSON."""
    runs: tuple[Run, ...]
    """Per task, under what its run times are learned."""


def prepare(raw: Mapping[str, Any]) -> Prepared:
    """Everything that is derived from a TaskGraph's spec. Raises ``InvalidGraph``."""
    try:
        # The status is not the author's: nothing in it may speak against the spec.
        spec = TaskGraph.model_validate({**raw, "status": {}}).spec
    except ValidationError as error:
        raise InvalidGraph(validation.sentence(error)) from error
    for problem in validation.graph_problems(spec):
        raise InvalidGraph(problem)
    try:
        graph = Graph.build(
            [
                LibraryTask(
                    task.name,
                    tuple(dependency.task for dependency in task.depends_on),
                    task.shards,
                    task.expected_duration or DEFAULT_DURATION,
                )
                for task in spec.tasks
            ]
        )
    except GraphError as error:
        raise InvalidGraph(str(error)) from error
    if graph.units > MAX_PODS:
        raise InvalidGraph(
            f"spec.tasks: the shards of all tasks add up to {graph.units} pods, at most {MAX_PODS} are allowed: split the graph"
        )
    size = len(msgspec.json.encode(raw["spec"]))
    _check_size(size, graph)
    return Prepared(spec, graph, _templates(spec, raw["metadata"].get("namespace", "")), size, runs(raw["metadata"], spec))


def _check_size(size: int, graph: Graph) -> None:
    size += 2 * sum(len(task.name) for task in graph.tasks)
    size += _BYTES_PER_UNIT * graph.units + _BYTES_PER_TASK * len(graph.tasks)
    if size > MAX_BYTES:
        raise InvalidGraph(
            f"spec: the graph and the record of its run would take about {size:,} bytes, at most {MAX_BYTES:,} can be stored: "
            "share templates by templateName, shorten the names, or split the graph"
        )


def retries(spec: TaskGraphSpec) -> list[Retry]:
    """How each task is retried."""
    found = []
    for task in spec.tasks:
        retry = effective_retry(spec.retry, task.retry)
        found.append(Retry(retry.limit, retry.backoff.initial, float(retry.backoff.factor), retry.backoff.cap))
    return found


def _templates(spec: TaskGraphSpec, namespace: str) -> tuple[Template, ...]:
    made: dict[object, Template] = {}
    templates = []
    for index, task in enumerate(spec.tasks):
        # Thousands of tasks share a few named templates; each is merged once.
        key = id(task) if task.template is not None else (task.template_name, task.args, task.env, task.gpu_models)
        if key not in made:
            made[key] = _finished(pod_template(spec, task), namespace, index, task)
        templates.append(made[key])
    return tuple(templates)


def _finished(template: PodTemplate, namespace: str, index: int, task: Task) -> Template:
    metadata = {"labels": dict(template.metadata.labels), "annotations": dict(template.metadata.annotations)}
    digest = hashlib.blake2b(msgspec.json.encode([metadata, template.spec], order="sorted"), digest_size=8).hexdigest()
    try:
        asked = request_class(template.spec, f"{namespace}/{digest}", tuple(sorted(set(task.gpu_models))))
    except ValueError as error:
        raise InvalidGraph(f"spec.tasks[{index}] ({task.name}): {error}") from error
    return Template(metadata, template.spec, digest, asked)
