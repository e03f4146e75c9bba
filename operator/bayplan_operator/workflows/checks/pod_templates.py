"""Pod templates of a TaskGraph against Kubernetes' own types: the API server takes any template, and refuses only the pods."""

from collections.abc import Iterator, Mapping
from typing import Any

from bayplan_operator.api.core_types import misfits
from bayplan_operator.workflows.checks.fields_of_kinds import fault_of
from bayplan_operator.workflows.documents import Document, InputError


def template_faults(document: Document) -> Iterator[InputError]:
    """Fields that no pod spec has, such as `container`, and values of the wrong type."""
    for place, template in _templates(document.value.get("spec")):
        if isinstance(template, Mapping):
            for misfit in misfits("V1PodSpec", template.get("spec"), f"{place}.spec", partly=True):
                yield fault_of(document, misfit)


def _templates(spec: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(spec, Mapping):
        return
    yield "spec.template", spec.get("template")
    for field in ("templates", "tasks"):
        items = spec.get(field)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, Mapping):
                yield f"spec.{field}[{number}].template", item.get("template")
