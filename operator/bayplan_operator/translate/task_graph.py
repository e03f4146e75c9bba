"""From a TaskGraph to what the conductor runs: the library's graph and finished pod templates."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from pydantic import ValidationError

from bayplan.foresight.shards import Splitting
from bayplan.knowledge.run_times import TaskRun
from bayplan.lifecycle import Retry
from bayplan.model.arrays import FloatArray
from bayplan.model.graph import Graph, GraphError
from bayplan.model.graph import Task as LibraryTask
from bayplan.model.workload import RequestClass
from bayplan_operator.api import validation
from bayplan_operator.api.merge import effective_retry, pod_template
from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.api.v1alpha1 import AUTO, PodTemplate, Task, TaskGraph, TaskGraphSpec
from bayplan_operator.settings import IMAGE
from bayplan_operator.translate.admission import AdmissionObjects
from bayplan_operator.translate.dry_run import admission_hash
from bayplan_operator.translate.execution import executed
from bayplan_operator.translate.flow import PLAIN, FlowError, Relations, fuse_template, relations_of, selector_of
from bayplan_operator.translate.neighbours import nearby_terms
from bayplan_operator.translate.pod import Template
from bayplan_operator.translate.record_size import plain_size, size_of_relations
from bayplan_operator.translate.request_class import request_class
from bayplan_operator.translate.splitting import splitting
from bayplan_operator.translate.task_identity import runs

DEFAULT_DURATION = 60.0
"""Seconds that a task is taken to run if its author does not say how long."""

MAX_PODS = 20_000
"""Shards of all tasks of a graph together; its status would outgrow what the API server stores."""


MAX_BYTES = 1_300_000
"""The object with its record has at most so many bytes: about 1.5 MB can be stored, and managed fields take some of them."""


class InvalidGraph(ValueError):
    """The graph cannot run; the message is one sentence for its author."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid graph, ready to run."""

    spec: TaskGraphSpec
    """In plain numbers, so that its readers need not know of `shards: Auto`. Such a task has the number that was decided; until
    then, the smallest that is allowed. Its expected duration is that of one such shard."""
    graph: Graph
    templates: tuple[Template, ...]
    """Per task; tasks made from the same parts share one."""
    size: int
    """Bytes of the spec as JSON."""
    data: FloatArray
    """Per edge, in the order of `graph.parents.indices`: bytes that one unit of the child reads of the parent's results."""
    runs: tuple[TaskRun, ...]
    """Per task, under what its run times are learned."""
    splittings: tuple[Splitting | None, ...]
    """Per task, what is weighed where its shards are Auto; ``None``: the number is given."""
    shards: Mapping[str, int] = field(default_factory=dict)
    """The numbers that have been decided, by task with `shards: Auto`."""
    relations: Relations = PLAIN
    """How its tasks follow each other, and what they hand on."""

    def selector(self, unit: int) -> Mapping[str, str]:
        """The labels that the node of a unit must have, beside what its template says."""
        task = int(self.graph.unit_task[unit])
        return selector_of(self.spec.tasks[task], unit - int(self.graph.unit_start[task]))

    def request_class(self, unit: int) -> RequestClass:
        """What the pod of a unit asks for. Units alike share one, unless their data tie them to nodes."""
        asked = self.templates[int(self.graph.unit_task[unit])].request_class
        own = self.selector(unit)
        return replace(asked, node_selector=tuple(sorted({**dict(asked.node_selector), **own}.items()))) if own else asked

    @property
    def divisible(self) -> dict[str, Splitting]:
        """The tasks with `shards: Auto`, and what is weighed of each."""
        named = zip(self.spec.tasks, self.splittings, strict=True)
        return {task.name: each for task, each in named if each is not None}

    @property
    def decided(self) -> bool:
        """The number of shards of every task is known."""
        return self.divisible.keys() <= self.shards.keys()


def prepare(raw: Mapping[str, Any], objects: AdmissionObjects | None = None, image: str = IMAGE) -> Prepared:
    """Everything that is derived from a TaskGraph's spec. Raises ``InvalidGraph``.

    ``objects``: what admission goes by, where no API server is asked; requests are then those of admitted pods. ``image``: what
    the pods of tasks that fuse run.
    """
    try:
        # The status is not the author's: nothing in it may speak against the spec.
        spec = TaskGraph.model_validate(without_nulls({**raw, "status": {}})).spec
    except ValidationError as error:
        raise InvalidGraph(validation.sentence(error)) from error
    for problem in validation.graph_problems(spec):
        raise InvalidGraph(problem)
    spec = executed(spec)
    splittings = tuple(splitting(task) for task in spec.tasks)
    spec = _in_numbers(spec, splittings, {})
    graph = _graph(spec)
    # Whatever will be decided, the graph must be able to run.
    most = sum(whole.most if whole else task.shards for whole, task in zip(splittings, graph.tasks, strict=True))
    may, lower = ("may ", "lower autoShards.max, ") if any(splittings) else ("", "")
    if most > MAX_PODS:
        raise InvalidGraph(
            f"spec.tasks: the shards of all tasks {may}add up to {most} pods, at most {MAX_PODS} are allowed: "
            f"{lower}{'or ' if lower else ''}split the graph"
        )
    size = len(msgspec.json.encode(raw["spec"]))
    _check_size(size + plain_size(graph, most), lower)
    templates = _templates(spec, raw["metadata"].get("namespace", ""), objects, image)
    relations = _relations(spec, graph, templates)
    if more := size_of_relations(graph, relations):
        _check_size(size + plain_size(graph, most) + more, f"{lower}keep fewer results, allow fewer rounds, ")
    return Prepared(spec, graph, templates, size, _data(spec), runs(raw["metadata"], spec), splittings, relations=relations)


def _relations(spec: TaskGraphSpec, graph: Graph, templates: Sequence[Template]) -> Relations:
    try:
        return relations_of(spec, graph, [template.spec for template in templates])
    except FlowError as error:
        raise InvalidGraph(str(error)) from error


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
    """The same graph, with numbers for the tasks with `shards: Auto`."""
    if shards == prepared.shards:
        return prepared
    spec = _in_numbers(prepared.spec, prepared.splittings, shards)
    parts = tuple(map(_part, prepared.runs, spec.tasks, prepared.splittings))
    graph = _graph(spec)
    relations = prepared.relations if prepared.relations is PLAIN else _relations(spec, graph, prepared.templates)
    return replace(prepared, spec=spec, graph=graph, shards=shards, runs=parts, relations=relations)


def _part(run: TaskRun, task: Task, whole: Splitting | None) -> TaskRun:
    """The run of one shard. Under `shards: Auto` it works on its part of the input, so that what was learned with another
    number of shards still counts."""
    if whole is None:
        return run
    number = 1 if task.shards == AUTO else task.shards
    return replace(run, hint=task.expected_duration, size=(task.input_size or 1.0) / number)


def _in_numbers(spec: TaskGraphSpec, splittings: Sequence[Splitting | None], shards: Mapping[str, int]) -> TaskGraphSpec:
    if not any(splittings):
        return spec
    tasks = list(spec.tasks)
    for position, (task, whole) in enumerate(zip(spec.tasks, splittings, strict=True)):
        if whole is not None:
            number = shards.get(task.name, whole.least)
            tasks[position] = task.model_copy(update={"shards": number, "expected_duration": whole.shard(number)})
    return spec.model_copy(update={"tasks": tuple(tasks)})


def _graph(spec: TaskGraphSpec) -> Graph:
    tasks = []
    for task in spec.tasks:
        parents = tuple(dependency.task for dependency in task.depends_on)
        number = 1 if task.shards == AUTO else task.shards  # the first is for the type checker: all are in numbers
        tasks.append(LibraryTask(task.name, parents, number, task.expected_duration or DEFAULT_DURATION))
    try:
        return Graph.build(tasks)
    except GraphError as error:
        raise InvalidGraph(str(error)) from error


def _check_size(size: int, advice: str) -> None:
    if size > MAX_BYTES:
        raise InvalidGraph(
            f"spec: the graph and the record of its run would take about {size:,} bytes, at most {MAX_BYTES:,} can be stored: "
            f"{advice}share templates by templateName, shorten the names, or split the graph"
        )


def retries(spec: TaskGraphSpec) -> list[Retry]:
    """How each task is retried."""
    found = []
    for task in spec.tasks:
        retry = effective_retry(spec.retry, task.retry)
        found.append(Retry(retry.limit, retry.backoff.initial, float(retry.backoff.factor), retry.backoff.cap))
    return found


def _templates(spec: TaskGraphSpec, namespace: str, objects: AdmissionObjects | None, image: str) -> tuple[Template, ...]:
    made: dict[object, Template] = {}
    templates = []
    for index, task in enumerate(spec.tasks):
        # Thousands of tasks share a few named templates; each is merged once.
        own = task.template is not None or task.fuse is not None
        key = id(task) if own else (task.template_name, task.args, task.env, task.gpu_models)
        if key not in made:
            try:
                merged = pod_template(spec, task) if task.fuse is None else fuse_template(spec, task, image)
                made[key] = _finished(merged, namespace, task.gpu_models, objects)
            except ValueError as error:
                raise InvalidGraph(f"spec.tasks[{index}] ({task.name}): {error}") from error
        templates.append(made[key])
    return tuple(templates)


def _finished(template: PodTemplate, namespace: str, gpu_models: Sequence[str], objects: AdmissionObjects | None) -> Template:
    metadata = {"labels": dict(template.metadata.labels), "annotations": dict(template.metadata.annotations)}
    digest = hashlib.blake2b(msgspec.json.encode([metadata, template.spec], order="sorted"), digest_size=8).hexdigest()
    spec = template.spec if objects is None else objects.admitted(template.spec, namespace)
    asked = request_class(spec, _origin(namespace, digest), _models(gpu_models))
    return Template(metadata, template.spec, digest, asked, admission_hash(metadata, template.spec), nearby_terms(spec))


def _origin(namespace: str, digest: str) -> str:
    return f"{namespace}/{digest}"


def _models(gpu_models: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(gpu_models)))


def with_admitted(
    prepared: Prepared, namespace: str, specs: Mapping[str, Mapping[str, Any]]
) -> tuple[Prepared, dict[str, str]]:
    """The same, with requests counted by what the API server makes of the pods: ``specs`` by `Template.admission_hash`.

    Beside it, by the same hash, a sentence for each template that cannot be placed as admission changes it.
    """
    made: dict[int, Template] = {}
    problems: dict[str, str] = {}
    for index, (task, template) in enumerate(zip(prepared.spec.tasks, prepared.templates, strict=True)):
        if id(template) in made or template.admission_hash not in specs:
            continue
        spec = specs[template.admission_hash]
        try:
            asked = request_class(spec, _origin(namespace, template.digest), _models(task.gpu_models))
            nearby = nearby_terms(spec)
        except ValueError as error:
            words = f"spec.tasks[{index}] ({task.name}): as the API server admits them, its pods cannot be placed: {error}"
            problems.setdefault(template.admission_hash, words)
            continue
        if (asked, nearby) != (template.request_class, template.nearby):
            made[id(template)] = replace(template, request_class=asked, nearby=nearby)
    if not made:
        return prepared, problems
    return replace(prepared, templates=tuple(made.get(id(each), each) for each in prepared.templates)), problems
