"""Fields of a manifest that its kind does not have, which an API server would refuse and a model would not see."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from bayplan_operator.api.crd import KINDS, custom_resource_definition
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows.documents import Document


def refuse_unknown_fields(document: Document, kind: str) -> None:
    """Raises `InputError` at the first one, with its line and the nearest field that there is."""
    for place, name, known in _unknown(_schema(kind), document.value, ""):
        raise document.fault(f"{place}{name}: there is no such field; {nearest(name, known, what='fields')}", f"{place}{name}")


@cache
def _schema(kind: str) -> Mapping[str, Any]:
    definition = custom_resource_definition(next(each for each in KINDS if each.model.__name__ == kind))
    schema: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    # The status is the operator's, and metadata the API server's to know.
    return {"properties": {**schema["properties"], "metadata": {}, "status": {}}}


def _unknown(schema: Mapping[str, Any], value: object, place: str) -> Iterator[tuple[str, str, list[str]]]:
    if isinstance(value, list) and "items" in schema:
        for position, item in enumerate(value):
            yield from _unknown(schema["items"], item, f"{place.removesuffix('.')}[{position}].")
    elif isinstance(value, Mapping) and "properties" in schema:
        for key, child in value.items():
            if key in schema["properties"]:
                yield from _unknown(schema["properties"][key], child, f"{place}{key}.")
            else:
                yield place, str(key), list(schema["properties"])
