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
from bayplan_operator.api.candidates import as_tasks
from bayplan_operator.api.merge import effective_retry, pod_template
from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.api.v1alpha1 import AUTO, PodTemplate, Task, TaskGraph, TaskGraphSpec
from bayplan_operator.settings import IMAGE
from bayplan_operator.translate.admission import AdmissionObjects
from bayplan_operator.translate.candidates import CandidatePod, CandidatePods, chosen, run_of
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
    """The graph cannot run; the message is for its author: one sentence, or each of `problems`."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; and ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid graph, ready to run."""

    spec: TaskGraphSpec
    """In plain numbers, so that its readers need not know of `shards: Auto`. Such a task has the number that was decided; until
    then, the smallest that is allowed. Its expected duration is that of one such shard."""
    graph: Graph
    templates: tuple[Template, ...]
    """Per task; tasks made from the same parts share one. Of a task with candidates, that of the chosen one; before one is
    chosen, that of the largest."""
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
    candidates: CandidatePods = field(default_factory=dict)
    """Of tasks that several programs could do."""

    @property
    def all_templates(self) -> list[tuple[int, Template]]:
        """Every task with each template that its pods may be made from, in the order of the tasks."""
        found = []
        for task, template in enumerate(self.templates):
            pods = self.candidates.get(task)
            found += [(task, template)] if pods is None else [(task, pod.template) for pod in pods]
        return found

    def selector(self, unit: int) -> Mapping[str, str]:
        """The labels that the node of a unit must have, beside what its template says."""
        task = int(self.graph.unit_task[unit])
        return selector_of(self.spec.tasks[task], unit - int(self.graph.unit_start[task]))

    def request_class(self, unit: int) -> RequestClass:
        """What the pod of a unit asks for. Units alike share one, unless their data tie them to nodes."""
        return self.asks(unit, self.templates[int(self.graph.unit_task[unit])])

    def asks(self, unit: int, template: Template) -> RequestClass:
        """What the pod of a unit would ask for, were it made from this template."""
        asked, own = template.request_class, self.selector(unit)
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
    making, of_tasks = _Making(spec, raw["metadata"].get("namespace", ""), objects, image), runs(raw["metadata"], spec)
    candidates = {
        number: _candidates(making, number, task, of_tasks[number]) for number, task in enumerate(spec.tasks) if task.candidates
    }
    plain = [
        candidates[number][0].template if task.candidates else making.template(number, task)
        for number, task in enumerate(spec.tasks)
    ]
    templates, of_tasks = chosen(plain, of_tasks, candidates, {})
    relations = _relations(spec, graph, templates, candidates)
    if more := size_of_relations(graph, relations):
        _check_size(size + plain_size(graph, most) + more, f"{lower}keep fewer results, allow fewer rounds, ")
    return Prepared(spec, graph, templates, size, _data(spec), of_tasks, splittings, relations=relations, candidates=candidates)


def _relations(spec: TaskGraphSpec, graph: Graph, templates: Sequence[Template], candidates: CandidatePods) -> Relations:
    pods = {task: [each.template.spec for each in of_task] for task, of_task in candidates.items()}
    try:
        return relations_of(spec, graph, [template.spec for template in templates], pods)
    except FlowError as error:
        raise InvalidGraph(*error.sentences) from error


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
    candidates = {
        task: tuple(replace(pod, run=_part(pod.run, spec.tasks[task], prepared.splittings[task])) for pod in pods)
        for task, pods in prepared.candidates.items()
    }
    graph, relations = _graph(spec), prepared.relations
    if relations is not PLAIN:
        relations = _relations(spec, graph, prepared.templates, candidates)
    return replace(prepared, spec=spec, graph=graph, shards=shards, runs=parts, relations=relations, candidates=candidates)


def with_candidates(prepared: Prepared, choices: Mapping[int, int]) -> Prepared:
    """The same graph, with what is chosen: task to position of its candidate."""
    if not prepared.candidates:
        return prepared
    templates, of_tasks = chosen(prepared.templates, prepared.runs, prepared.candidates, choices)
    return replace(prepared, templates=templates, runs=of_tasks)


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


class _Making:
    """Makes the templates of tasks: thousands of tasks share a few named ones, and each is merged once."""

    def __init__(self, spec: TaskGraphSpec, namespace: str, objects: AdmissionObjects | None, image: str) -> None:
        self.spec = spec
        self._namespace, self._objects, self._image = namespace, objects, image
        self._made: dict[object, Template] = {}
        self._own: list[Task] = []
        """Tasks whose identity tells their template: it must not become that of another."""

    def template(self, number: int, task: Task) -> Template:
        """Of a task, or of a task with one of its candidates. Raises ``InvalidGraph``."""
        own = task.template is not None or task.fuse is not None
        key = id(task) if own else (task.template_name, task.args, task.env, task.gpu_models)
        if key not in self._made:
            try:
                merged = pod_template(self.spec, task) if task.fuse is None else fuse_template(self.spec, task, self._image)
                self._made[key] = _finished(merged, self._namespace, task.gpu_models, self._objects)
            except ValueError as error:
                raise InvalidGraph(f"spec.tasks[{number}] ({task.name}): {error}") from error
            self._own.append(task)
        return self._made[key]


def _candidates(making: _Making, number: int, task: Task, run: TaskRun) -> tuple[CandidatePod, ...]:
    pods = zip(task.candidates, as_tasks(making.spec, task), strict=True)
    return tuple(CandidatePod(each.name, making.template(number, one), run_of(run, each.name)) for each, one in pods)


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
    for index, template in prepared.all_templates:
        task = prepared.spec.tasks[index]
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
    templates = tuple(made.get(id(each), each) for each in prepared.templates)
    candidates = {
        task: tuple(replace(pod, template=made.get(id(pod.template), pod.template)) for pod in pods)
        for task, pods in prepared.candidates.items()
    }
    return replace(prepared, templates=templates, candidates=candidates), problems
