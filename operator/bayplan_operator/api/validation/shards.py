"""Tasks whose shards are Auto: what else has to be said of them, and what must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..candidates import as_tasks
from ..merge import pod_template
from ..v1alpha1 import AUTO, Task, TaskGraphSpec

_OURS = "BAYPLAN_SHARDS"


def shard_problems(spec: TaskGraphSpec) -> Iterator[str]:
    """Problems of tasks whose shards are Auto, of those that only seem to be, and of their pods' environment."""
    named: dict[str | None, bool] = {}  # thousands of tasks share a few templates
    for position, task in enumerate(spec.tasks):
        where = f'spec.tasks[{position}] ("{task.name}")'
        if task.shards != AUTO:
            if task.auto_shards is not None:
                yield f"{where} has autoShards, and shards is {task.shards}: write shards: Auto, or leave autoShards out"
            continue
        if task.expected_duration is None:
            yield (
                f"{where} has shards: Auto and no expectedDuration: say how long all of its work takes in one piece, "
                "or give shards as a number"
            )
        bounds = task.auto_shards
        if bounds is not None and bounds.min > bounds.max:
            given = "" if "max" in bounds.model_fields_set else ", which is the default"
            yield (
                f"{where} has autoShards.min {bounds.min}, larger than autoShards.max {bounds.max}{given}: "
                "min must be at most max"
            )
        if task.template is None and task.template_name not in named:
            named[task.template_name] = _sets_ours(spec, task.model_copy(update={"env": ()}))
        own = any(variable.name == _OURS for variable in task.env)
        own = own or any(_sets_ours(spec, each) for each in as_tasks(spec, task))
        if own or (_sets_ours(spec, task) if task.template is not None else named[task.template_name]):
            yield (
                f"{where} has shards: Auto and sets the environment variable {_OURS} itself: leave it out, "
                "Bayplan sets it to the number that it decides"
            )


def _sets_ours(spec: TaskGraphSpec, task: Task) -> bool:
    """A container of the task's template sets the variable."""
    try:
        pod = pod_template(spec, task).spec
    except LookupError:
        return False  # said elsewhere: there is no such template
    containers = [*_list(pod.get("containers")), *_list(pod.get("initContainers"))]
    return any(
        isinstance(variable, Mapping) and variable.get("name") == _OURS
        for container in containers
        if isinstance(container, Mapping)
        for variable in _list(container.get("env"))
    )


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
