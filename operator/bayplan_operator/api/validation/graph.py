"""A whole TaskGraph: its templates, the references between them, and what its pods would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..candidates import as_tasks
from ..merge import merge_templates, pod_template
from ..stages import stages_as_tasks
from ..v1alpha1 import NamedTemplate, PodTemplate, Task, TaskGraphSpec
from .candidates import candidate_problems
from .shards import shard_problems
from .template import template_problems
from .words import nearest, shown


def graph_problems(spec: TaskGraphSpec) -> Iterator[str]:
    """Problems of `spec` that schema and CEL cannot see; nothing when it is fine.

    Lazy: `next(graph_problems(spec), None)` stops at the first. References between tasks are not looked at.
    """
    yield from template_problems("spec.template", spec.template)
    for position, named in enumerate(spec.templates):
        yield from template_problems(f"spec.templates[{position}].template", named.template)
    for position, task in enumerate(spec.tasks):
        if task.template is not None:
            yield from template_problems(f"spec.tasks[{position}].template", task.template)
    yield from _repeated("spec.templates", [named.name for named in spec.templates])
    yield from _references(spec.templates, spec.tasks)
    for name, count in Counter(spec.rounds.tasks if spec.rounds is not None else ()).items():
        if count > 1:
            yield f'spec.rounds.tasks has {count} items "{name}": name each task once'
    yield from candidate_problems(spec)
    yield from _pods(spec)
    yield from shard_problems(spec)


def _repeated(where: str, names: Sequence[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f'{where} has {count} items with the name "{name}": names must be unique'


def _references(templates: Sequence[NamedTemplate], tasks: Sequence[Task]) -> Iterator[str]:
    known = [named.name for named in templates]
    unique = frozenset(known)
    for position, task in enumerate(tasks):
        where = f"spec.tasks[{position}]"
        if task.template_name is None:
            continue
        if task.template is not None:
            yield f'{where} ("{task.name}") has template and templateName: they exclude each other, keep one of them'
        elif task.template_name not in unique:
            advice = nearest(task.template_name, known, what="names in spec.templates")
            yield f"{where}.templateName is {shown(task.template_name)}: no such template in spec.templates; {advice}"


def _pods(spec: TaskGraphSpec) -> Iterator[str]:
    """What is wrong with the pods that come out, told once for all tasks that share their templates."""
    named = {each.name: each.template for each in spec.templates}
    shared: set[str | None] = set()
    for position, task in enumerate(spec.tasks):
        where = f'spec.tasks[{position}] ("{task.name}")'
        if task.fuse is not None:
            continue  # its pod has a container of our own
        if task.candidates:
            yield from _pods_of_parts(where, spec, "candidate", [each.name for each in task.candidates], as_tasks(spec, task))
        elif task.stages:
            yield from _pods_of_parts(where, spec, "stage", [each.name for each in task.stages], stages_as_tasks(spec, task))
        elif task.template is not None:
            yield from _pod_problems(where, merge_templates(spec.template, task.template))
        elif task.template_name not in shared:
            shared.add(task.template_name)
            own = PodTemplate() if task.template_name is None else named.get(task.template_name)
            if own is not None:
                yield from _pod_problems(where, merge_templates(spec.template, own))


def _pods_of_parts(where: str, spec: TaskGraphSpec, kind: str, names: Sequence[str], tasks: Sequence[Task]) -> Iterator[str]:
    for name, one in zip(names, tasks, strict=True):
        try:
            merged = pod_template(spec, one)
        except LookupError:
            continue  # said elsewhere: there is no such template
        yield from _pod_problems(f"{where}, {kind} {name}", merged)


def _pod_problems(where: str, merged: PodTemplate) -> Iterator[str]:
    containers = merged.spec.get("containers")
    if containers is None or containers == []:
        yield (
            f"{where} has no container: spec.template, its own template or the one in templateName must have one with an image"
        )
    for field in ("initContainers", "containers"):
        yield from _unfinished(where, field, merged.spec.get(field))


def _unfinished(where: str, field: str, containers: object) -> Iterator[str]:
    if not isinstance(containers, list):
        return  # said by template_problems
    for position, container in enumerate(containers):
        if not isinstance(container, Mapping):
            continue
        name = container.get("name")
        if not name:
            yield f"{where} has no name for {field}[{position}] of its pods: only the first container may go without"
        elif not _has_image(container):
            yield f'{where} has no image for the container "{name}" of its pods: give it an image'


def _has_image(container: Mapping[str, Any]) -> bool:
    image = container.get("image")
    return isinstance(image, str) and image.strip() != ""
