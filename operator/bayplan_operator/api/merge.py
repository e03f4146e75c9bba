"""How the pod template of a task comes together.

Three layers, each laid on the one before: `spec.template` (what all tasks share), then the task's own template or the
one that its `templateName` names, then the task's `args` and `env`.

- Maps are merged key by key, all the way down. null says nothing and leaves what was there.
- `containers` and `initContainers` are merged by name: an item of the upper layer is laid on the item of that name.
- `env`, `volumes`, `volumeMounts` and `ports` are joined by name, name, mountPath, and containerPort with protocol:
  an item of the upper layer takes the place of the lower one as a whole, since a volume has one source and a variable
  one value. New items come last.
- Every other list of the upper layer replaces the lower one.
- The first of `containers` is called "main" if it has no name, in each layer. So a task can set the image or the
  resources of the defaults' container without knowing a name.
- `args` replaces the first container's arguments, `env` is joined to its variables.
- restartPolicy is Never unless a layer says otherwise.

Nothing here changes its input, and what comes out shares no part with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from .v1alpha1 import (
    BackoffOverride,
    PodTemplate,
    PodTemplateMetadata,
    Retry,
    RetryBackoff,
    RetryOverride,
    Stage,
    Task,
    TaskCandidate,
    TaskGraphSpec,
)

MAIN_CONTAINER = "main"

_Key = Callable[[Mapping[str, Any]], object]
_Object = dict[str, Any]


def _by(field: str) -> _Key:
    def key(item: Mapping[str, Any]) -> object:
        value = item.get(field)
        return value if isinstance(value, str) else None  # of any other type: validation's or the API server's to say

    return key


def _port(item: Mapping[str, Any]) -> object:
    number = item.get("containerPort")
    return (number, str(item.get("protocol") or "TCP")) if isinstance(number, int) else None


_MERGED_LISTS: dict[str, _Key] = {"containers": _by("name"), "initContainers": _by("name")}
_JOINED_LISTS: dict[str, _Key] = {
    "env": _by("name"),
    "volumes": _by("name"),
    "volumeMounts": _by("mountPath"),
    "ports": _port,
}


def pod_template(spec: TaskGraphSpec, task: Task) -> PodTemplate:
    """The complete template of `task`'s pods. Raises LookupError when its templateName names none of the graph's."""
    merged = merge_templates(spec.template, _own_template(spec, task))
    containers = merged.spec.get("containers")
    if isinstance(containers, list) and containers and isinstance(containers[0], dict):
        _lay_on_container(containers[0], task)
    merged.spec.setdefault("restartPolicy", "Never")
    return merged


def on_own_template(spec: TaskGraphSpec, task: Task, upper: PodTemplate) -> PodTemplate:
    """`upper` laid on the task's own or named template. A name that is unknown, which validation tells, counts as none."""
    try:
        return merge_templates(_own_template(spec, task), upper)
    except LookupError:
        return upper


def changes_of_part(spec: TaskGraphSpec, task: Task, part: Stage | TaskCandidate) -> dict[str, object]:
    """What a part of a task changes of it: its arguments take the place of the task's, its variables are joined to them,
    and its template is laid on the task's own or named one. A named template of the part takes the place of the task's."""
    changes: dict[str, object] = {"args": part.args or task.args, "env": (*task.env, *part.env)}
    if part.template_name is not None:
        return changes | {"template_name": part.template_name, "template": None}
    if part.template is not None:
        return changes | {"template": on_own_template(spec, task, part.template), "template_name": None}
    return changes


def merge_templates(lower: PodTemplate, upper: PodTemplate) -> PodTemplate:
    """`upper` laid on `lower`."""
    return PodTemplate(
        metadata=PodTemplateMetadata(
            labels={**lower.metadata.labels, **upper.metadata.labels},
            annotations={**lower.metadata.annotations, **upper.metadata.annotations},
        ),
        spec=_merge_maps(_named(lower.spec), _named(upper.spec)),
    )


def effective_retry(graph: Retry, override: RetryOverride | None) -> Retry:
    """The graph's retry, with what the task says otherwise."""
    if override is None:
        return graph
    backoff = override.backoff or BackoffOverride()
    return Retry(
        limit=graph.limit if override.limit is None else override.limit,
        backoff=RetryBackoff.model_validate({**graph.backoff.dump(), **backoff.dump()}),
    )


def _own_template(spec: TaskGraphSpec, task: Task) -> PodTemplate:
    if task.template is not None:
        return task.template
    if task.template_name is None:
        return PodTemplate()
    for named in spec.templates:
        if named.name == task.template_name:
            return named.template
    raise LookupError(f'task "{task.name}": templateName is "{task.template_name}": no such template in spec.templates')


def _lay_on_container(container: _Object, task: Task) -> None:
    if task.args:
        container["args"] = list(task.args)
    if task.env:
        own = [{"name": variable.name, "value": variable.value} for variable in task.env]
        container["env"] = _joined(_list(container.get("env")), own, _JOINED_LISTS["env"], _replace)


def _named(pod_spec: Mapping[str, Any]) -> _Object:
    """A copy in which the first container has a name."""
    copy = deepcopy(dict(pod_spec))
    containers = copy.get("containers")
    if isinstance(containers, list) and containers and isinstance(containers[0], dict):
        containers[0] = {**containers[0], "name": containers[0].get("name") or MAIN_CONTAINER}
    return copy


def _merge_maps(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> _Object:
    merged = dict(lower)
    for key, value in upper.items():
        if value is not None:
            merged[key] = _merge_values(key, merged.get(key), value)
    return merged


def _merge_values(key: str, lower: object, upper: object) -> object:
    if isinstance(lower, Mapping) and isinstance(upper, Mapping):
        return _merge_maps(lower, upper)
    if isinstance(lower, list) and isinstance(upper, list):
        if key in _MERGED_LISTS:
            return _joined(lower, upper, _MERGED_LISTS[key], _merge_maps)
        if key in _JOINED_LISTS:
            return _joined(lower, upper, _JOINED_LISTS[key], _replace)
    return upper


def _replace(_lower: Mapping[str, Any], upper: Mapping[str, Any]) -> _Object:
    return dict(upper)


def _joined(
    lower: list[Any],
    upper: list[Any],
    key: _Key,
    join: Callable[[Mapping[str, Any], Mapping[str, Any]], _Object],
) -> list[Any]:
    """`upper`'s items in the places of `lower`'s with the same key, the others behind them."""
    result = list(lower)
    places = {key(item): place for place, item in enumerate(lower) if isinstance(item, Mapping)}
    for item in upper:
        identity = key(item) if isinstance(item, Mapping) else None
        place = None if identity is None else places.get(identity)
        if place is None:
            result.append(item)
        else:
            result[place] = join(result[place], item)
    return result


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
