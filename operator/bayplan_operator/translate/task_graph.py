"""From a TaskGraph to what the conductor runs: the library's graph and finished pod templates."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from pydantic import ValidationError

from bayplan.arrays import FloatArray
from bayplan.granularity import Splitting
from bayplan.graph import Graph, GraphError
from bayplan.graph import Task as LibraryTask
from bayplan.lifecycle import Retry
from bayplan_operator.api import validation
from bayplan_operator.api.merge import effective_retry, pod_template
from bayplan_operator.api.v1alpha1 import AUTO, PodTemplate, Task, TaskGraph, TaskGraphSpec
from bayplan_operator.translate.pod import Template
from bayplan_operator.translate.request_class import request_class
from bayplan_operator.translate.splitting import splitting

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
    data: FloatArray
    """Per edge, in the order of `graph.parents.indices`: bytes that one unit of the child reads of the parent's results."""
    splittings: tuple[Splitting | None, ...]
    """Per task, what is weighed where its shards are Auto; ``None``: the number is given."""
    shards: Mapping[str, int] = field(default_factory=dict)
    """The numbers that have been decided, by task; where one is missing, the graph has the smallest that is allowed."""

    @property
    def decided(self) -> bool:
        """The number of shards of every task is known."""
        named = zip(self.spec.tasks, self.splittings, strict=True)
        return all(each is None or task.name in self.shards for task, each in named)

    def expected(self, task: int) -> float:
        """Seconds that one shard of a task is expected to run; 0: nobody said."""
        return self.graph.tasks[task].duration if self.spec.tasks[task].expected_duration else 0.0


def prepare(raw: Mapping[str, Any]) -> Prepared:
    """Everything that is derived from a TaskGraph's spec. Raises ``InvalidGraph``."""
    try:
        # The status is not the author's: nothing in it may speak against the spec.
        spec = TaskGraph.model_validate({**raw, "status": {}}).spec
    except ValidationError as error:
        raise InvalidGraph(validation.sentence(error)) from error
    for problem in validation.graph_problems(spec):
        raise InvalidGraph(problem)
    splittings = tuple(splitting(task) for task in spec.tasks)
    graph = _graph(spec, splittings, {})
    # Whatever will be decided, the graph must be able to run.
    most = sum(whole.most if whole else task.shards for whole, task in zip(splittings, graph.tasks, strict=True))
    if most > MAX_PODS:
        may = "may add up" if any(splittings) else "add up"
        lower = "lower autoShards.max, or " if any(splittings) else ""
        raise InvalidGraph(
            f"spec.tasks: the shards of all tasks {may} to {most} pods, at most {MAX_PODS} are allowed: {lower}split the graph"
        )
    size = len(msgspec.json.encode(raw["spec"]))
    _check_size(size, graph, most)
    return Prepared(spec, graph, _templates(spec, raw["metadata"].get("namespace", "")), size, _data(spec), splittings)


def _data(spec: TaskGraphSpec) -> FloatArray:
    """Per edge; a parent that is named twice is one edge, with the bytes of both."""
    edges: list[float] = []
    for task in spec.tasks:
        of_one: dict[str, float] = {}
        for dependency in task.depends_on:
            of_one[dependency.task] = of_one.get(dependency.task, 0.0) + (dependency.data or 0)
        edges += of_one.values()
    return np.array(edges, np.float64)


def with_shards(prepared: Prepared, shards: Mapping[str, int]) -> Prepared:
    """The same, with numbers for the tasks whose shards are Auto."""
    if not any(prepared.splittings):
        return prepared
    return replace(prepared, graph=_graph(prepared.spec, prepared.splittings, shards), shards=shards)


def _graph(spec: TaskGraphSpec, splittings: Sequence[Splitting | None], shards: Mapping[str, int]) -> Graph:
    tasks = []
    for task, whole in zip(spec.tasks, splittings, strict=True):
        number = 1 if task.shards == AUTO else task.shards
        duration = task.expected_duration or DEFAULT_DURATION
        if whole is not None:
            number = shards.get(task.name, whole.least)
            duration = whole.shard(number)
        tasks.append(LibraryTask(task.name, tuple(each.task for each in task.depends_on), number, duration))
    try:
        return Graph.build(tasks)
    except GraphError as error:
        raise InvalidGraph(str(error)) from error


def _check_size(size: int, graph: Graph, most: int) -> None:
    size += 2 * sum(len(task.name) for task in graph.tasks)
    size += _BYTES_PER_UNIT * most + _BYTES_PER_TASK * len(graph.tasks)
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
