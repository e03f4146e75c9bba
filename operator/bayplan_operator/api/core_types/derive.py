"""The table of Kubernetes' own types, made from the models of its Python client. Needed only where the table is generated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import kubernetes
from kubernetes.client import models

ROOTS = ("V1PodTemplateSpec", "V1Node", "V1LimitRange", "V1RuntimeClass")
"""What is checked in files; the table holds these types and all that they are made of."""

_QUANTITIES = frozenset({
    ("V1EmptyDirVolumeSource", "sizeLimit"), ("V1LimitRangeItem", "default"), ("V1LimitRangeItem", "defaultRequest"),
    ("V1LimitRangeItem", "max"), ("V1LimitRangeItem", "maxLimitRequestRatio"), ("V1LimitRangeItem", "min"),
    ("V1NodeStatus", "allocatable"), ("V1NodeStatus", "capacity"), ("V1Overhead", "podFixed"), ("V1PodSpec", "overhead"),
    ("V1ResourceFieldSelector", "divisor"), ("V1ResourceRequirements", "limits"), ("V1ResourceRequirements", "requests"),
    ("V1VolumeResourceRequirements", "limits"), ("V1VolumeResourceRequirements", "requests"),
})  # fmt: skip
"""Where the API server's OpenAPI document says Quantity; the client says str there, and the API takes numbers too."""

_WRITTEN = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "datetime": "time"}
_FREE = {("V1ManagedFieldsEntry", "fieldsV1")}
_TYPE = re.compile(r"(?P<list>List\[)?(?P<map>Dict\[str, )?(?P<base>\w+)\]*")

Table = dict[str, Any]


def table() -> Table:
    """The types by name, each with its fields in the order of the API: `string`, `[]V1Container`, `{}quantity`."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            fields, needed = _fields(name)
            found[name] = {"fields": fields, "required": needed}
            waiting += [base for each in fields.values() if hasattr(models, base := each.lstrip("[]{}"))]
    version = f"1.{kubernetes.__version__.partition('.')[0]}"
    return {"kubernetes": version, "types": {name: found[name] for name in sorted(found)}}


def _fields(name: str) -> tuple[dict[str, str], list[str]]:
    model = getattr(models, name)
    fields = {model.attribute_map[own]: written for own, written in _types(name, model)}
    needed = [model.attribute_map[own] for own, field in model.model_fields.items() if field.is_required()]
    return fields, sorted(needed)


def _types(name: str, model: Any) -> Iterator[tuple[str, str]]:
    for own, said in model.openapi_types.items():
        match = _TYPE.fullmatch(said)
        if match is None:
            raise ValueError(f"{name}.{own} is of the type {said}, which is none that this module knows")
        where = (name, model.attribute_map[own])
        base = _WRITTEN.get(match["base"], match["base"])
        if where in _QUANTITIES:
            base = "quantity"
        elif base == "object":
            base = "any" if where in _FREE else "integer or string"
        yield own, ("[]" if match["list"] else "{}" if match["map"] else "") + base
