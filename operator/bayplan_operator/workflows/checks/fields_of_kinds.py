"""Fields of a manifest that its kind does not have. An API server would refuse them; a model would not see them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from bayplan_operator.api.core_types import Misfit, misfits
from bayplan_operator.api.crd import KINDS, custom_resource_definition
from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows.documents import Document, InputError


def field_faults(document: Document, kind: str) -> Iterator[InputError]:
    """Each with its line and the nearest field that there is; of metadata, also values of the wrong type."""
    for place, name, known in _unknown(_schema(kind), document.value, ""):
        where = f"{place}{name}"
        yield document.fault(f"{where}: there is no such field; {nearest(name, known, what='fields')}", where)
    for misfit in misfits("V1ObjectMeta", document.value.get("metadata"), "metadata", partly=True):
        yield fault_of(document, misfit)


def fault_of(document: Document, misfit: Misfit) -> InputError:
    """With its line."""
    if misfit.unquoted is not None:
        return document.unquoted(misfit.place, misfit.unquoted)
    return document.fault(misfit.sentence, misfit.place)


@cache
def _schema(kind: str) -> Mapping[str, Any]:
    definition = custom_resource_definition(next(each for each in KINDS if each.model.__name__ == kind))
    schema: Mapping[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    # The status is the operator's.
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
