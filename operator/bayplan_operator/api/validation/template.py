"""What a pod template must not say, since Bayplan says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..v1alpha1 import PodTemplate, PodTemplateMetadata
from .resources import resource_problems
from .words import shown

OWN_PREFIX = "bayplan.dev/"

_FORBIDDEN_SPEC = {
    "nodeName": "Bayplan chooses the node; use nodeSelector or affinity to narrow the choice",
    "schedulerName": "Bayplan decides what binds the pod; choose with binding in the PlacementPolicy",
    "schedulingGates": "Bayplan creates a pod only once it has a place for it; use spec.suspend to hold a graph back",
}
_FORBIDDEN_METADATA = {
    "finalizers": "Bayplan sets the pods' finalizers",
    "ownerReferences": "the TaskGraph owns the pods",
}
_RESTART_POLICIES = ("Never", "OnFailure")
_CONTAINER_LISTS = ("initContainers", "containers")


def template_problems(where: str, template: PodTemplate) -> Iterator[str]:
    """Problems of one template as it was written, which stands at the path `where`."""
    yield from _metadata_problems(f"{where}.metadata", template.metadata)
    spec = template.spec
    yield from _spec_problems(f"{where}.spec", spec)
    yield from resource_problems(f"{where}.spec", spec)


def _metadata_problems(where: str, metadata: PodTemplateMetadata) -> Iterator[str]:
    for field, advice in _FORBIDDEN_METADATA.items():
        value = (metadata.model_extra or {}).get(field)
        if value:
            yield f"{where}.{field} is {shown(value)}: must be left out; {advice}"
    for field, entries in (("labels", metadata.labels), ("annotations", metadata.annotations)):
        for key in entries:
            if key.startswith(OWN_PREFIX):
                yield f'{where}.{field} has the key "{key}": keys that start with {OWN_PREFIX} are set by Bayplan alone'


def _spec_problems(where: str, spec: Mapping[str, Any]) -> Iterator[str]:
    for field, advice in _FORBIDDEN_SPEC.items():
        if spec.get(field):
            yield f"{where}.{field} is {shown(spec[field])}: must be left out; {advice}"
    policy = spec.get("restartPolicy")
    if policy is not None and policy not in _RESTART_POLICIES:
        yield (
            f'{where}.restartPolicy is {shown(policy)}: must be "Never" (the default) or "OnFailure", since a task has an end'
        )
    for field in _CONTAINER_LISTS:
        yield from _container_problems(f"{where}.{field}", spec.get(field))


def _container_problems(where: str, containers: object) -> Iterator[str]:
    if containers is None:
        return
    if not isinstance(containers, list):
        yield f"{where} is {shown(containers)}: must be a list of containers"
        return
    for position, container in enumerate(containers):
        if not isinstance(container, Mapping):
            yield f"{where}[{position}] is {shown(container)}: must be a container, a map with name and image"
