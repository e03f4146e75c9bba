"""The pod of a template: its own fields on top of `templateDefaults`, what stands above it, and the patches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bayplan.lifecycle import Retry
from bayplan.model.workload import RequestClass
from bayplan_operator.api.duration import parse_duration
from bayplan_operator.translate.request_class import request_class
from bayplan_operator.workflows.annotations import DURATION, SECONDS
from bayplan_operator.workflows.argo.known_fields import CONTAINER_SET, METADATA, look
from bayplan_operator.workflows.argo.pods import retries
from bayplan_operator.workflows.argo.pods.amounts import container
from bayplan_operator.workflows.argo.pods.patches import FIELD, patched
from bayplan_operator.workflows.argo.pods.scheduling import FIELDS, Boundary, constraints, name_volumes
from bayplan_operator.workflows.argo.pods.strategic import TEMPLATE_KEYS, merged
from bayplan_operator.workflows.argo.remarks import Remarks, below
from bayplan_operator.workflows.argo.tags import Scope, filled, names
from bayplan_operator.workflows.fields import Fields

MAINS = ("container", "script", "containerSet")
"""What makes a template one pod."""
_MAIN = "main"
"""The name that Argo gives to the container of a template."""


Admitted = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PodAsk:
    """What one pod is for the simulation."""

    request_class: RequestClass
    retry: Retry
    expected: float | None
    """Seconds; none: nothing is said."""
    actual: float | None
    """Seconds; none: what is expected."""


class Pods:
    """Makes the pods of one workflow."""

    def __init__(self, spec: Fields, remarks: Remarks, admitted: Admitted) -> None:
        """`admitted`: what admission makes of a pod spec; raises ``ValueError`` for what it refuses."""
        self._spec, self._remarks, self._admitted = spec, remarks, admitted
        self._defaults = spec.map("templateDefaults")
        self._made: dict[tuple[object, ...], PodAsk] = {}
        self._tags: dict[str, list[str]] = {}
        name_volumes(spec, remarks)

    def ask(self, template: Fields, scope: Scope, boundary: Boundary) -> PodAsk:
        """What a pod of the template asks. Raises `InputError`."""
        # Loops make thousands of pods of one template; most are alike.
        tags = self._tags.get(template.place)
        if tags is None:
            tags = self._tags[template.place] = sorted(
                set().union(*(names(_deciding(each.value)) for each in (template, self._defaults, self._spec)))
            )
        key = (template.place, boundary.key, *(scope.values.get(each) for each in tags))
        if key not in self._made:
            self._made[key] = self._ask(template, scope, boundary)
        return self._made[key]

    def _ask(self, template: Fields, scope: Scope, boundary: Boundary) -> PodAsk:
        main = next(each for each in MAINS if template.value.get(each) is not None)
        own, lower = (self._layer(each, main, scope) for each in (template, self._defaults))
        whole = merged(lower, own, TEMPLATE_KEYS)
        annotations = {**self._annotations(self._spec.map("podMetadata"), scope), **whole["annotations"]}
        spec = self._pod_spec(whole, main, scope, boundary)
        # A template's patch takes the place of that of templateDefaults.
        for owner in (self._spec, template if template.value.get(FIELD) else self._defaults):
            spec = patched(spec, owner, scope, self._remarks)
        try:
            asked = request_class(self._admitted(spec))
        except ValueError as error:
            raise template.document.fault(f"{template.place}: {error}", template.place) from error
        return PodAsk(
            replace(asked, resources=tuple((name, amount) for name, amount in asked.resources if amount)),
            self._retry(template, scope),
            annotations.get(DURATION),
            annotations.get(SECONDS),
        )

    def _layer(self, given: Fields, main: str, scope: Scope) -> dict[str, Any]:
        """What of a template decides about its pods, checked where it stands."""
        made = constraints(given, scope, self._remarks)
        if main == "containerSet":
            inner = given.map(main)
            look(inner, CONTAINER_SET, self._remarks)
            made["containers"] = self._containers(inner, "containers", scope)
        elif given.value.get(main) is not None:
            made["containers"] = [{**container(given.map(main), scope, self._remarks), "name": _MAIN}]
        for field in ("initContainers", "sidecars"):
            made[field] = self._containers(given, field, scope)
        made["annotations"] = self._annotations(given.map("metadata"), scope)
        name_volumes(given, self._remarks)
        return made

    def _containers(self, given: Fields, field: str, scope: Scope) -> list[dict[str, Any]]:
        return [container(each, scope, self._remarks) for each in given.maps(field)]

    def _annotations(self, metadata: Fields, scope: Scope) -> dict[str, float]:
        """Seconds of those that we know."""
        look(metadata, METADATA, self._remarks)
        given, found = metadata.map("annotations"), {}
        for name, read in ((DURATION, parse_duration), (SECONDS, float)):
            value = given.value.get(name)
            if value is None:
                continue
            place = below(given.place, name)
            try:
                found[name] = read(str(filled(given.document, value, scope, place)))
            except ValueError as error:
                wrong = str(error) if read is parse_duration else "it must be seconds above 0"
                raise given.document.fault(f'{place} is "{value}": {wrong}', place) from error
            if not 0 < found[name] < float("inf"):
                raise given.document.fault(f'{place} is "{value}": it must be longer than zero', place)
        return found

    def _pod_spec(self, whole: Mapping[str, Any], main: str, scope: Scope, boundary: Boundary) -> dict[str, Any]:
        workflow = constraints(self._spec, scope, self._remarks)
        spec = {
            name: next(each[name] for each in (whole, boundary.constraints, workflow) if name in each)
            for name in FIELDS
            if name in whole or name in boundary.constraints or name in workflow
        }
        return {**spec, "initContainers": whole["initContainers"], "containers": [*whole["containers"], *whole["sidecars"]]}

    def _retry(self, template: Fields, scope: Scope) -> Retry:
        field = "retryStrategy"
        own, lower = template.map(field), self._defaults.map(field)
        if field in template.value or field in self._defaults.value:
            place = own.place if field in template.value else lower.place
            return retries.retry(Fields(template.document, merged(lower.value, own.value, {}), place), scope, self._remarks)
        return retries.retry(self._spec.map(field), scope, self._remarks) if field in self._spec.value else retries.NONE


def _deciding(value: Mapping[str, Any]) -> list[Any]:
    """The parts of a workflow or template in which a tag can change its pods. Arguments and variables of containers are left
    out."""
    containers = [value.get(each) for each in ("container", "script")]
    inner = value.get("containerSet")
    lists = [
        value.get("initContainers"),
        value.get("sidecars"),
        inner.get("containers") if isinstance(inner, Mapping) else None,
    ]
    for each in lists:
        containers += each if isinstance(each, list) else []
    resources = [
        each.get(field) for each in containers if isinstance(each, Mapping) for field in ("resources", "restartPolicy")
    ]
    fields = (*FIELDS, FIELD, "retryStrategy", "metadata", "podMetadata")
    return [*(value.get(each) for each in fields), *resources]
