"""From pydantic's JSON schema to a structural schema, as apiextensions.k8s.io/v1 wants it.

A structural schema knows no references, no titles, no `anyOf` with null, no `const`; what may be absent is absent.
Extensions (`x-kubernetes-...`) come from the models, through `json_schema_extra`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from .duration import format_duration

_Schema = dict[str, Any]

# In this order in the generated files, so that a reader meets what a field is before what it must not be.
_KEYWORDS = (
    "description",
    "type",
    "format",
    "default",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "maxProperties",
    "required",
    "properties",
    "additionalProperties",
    "items",
)
_EXTENSION = "x-kubernetes-"
_UNBOUNDED = {"string": "maxLength", "array": "maxItems"}


class SchemaError(Exception):
    """A model that cannot be expressed as a structural schema; the message names the place in it."""


def structural_schema(kind: type[BaseModel]) -> _Schema:
    """The structural schema of a kind, all references inlined. Raises SchemaError, which names the field.

    `apiVersion`, `kind` and `metadata` are only named: the API server brings its own schema of these.
    """
    raw = kind.model_json_schema(mode="validation", by_alias=True)
    properties = {name: {"type": "object" if name == "metadata" else "string"} for name in raw["properties"]}
    for part in ("spec", "status"):
        properties[part] = _convert(raw["properties"][part], raw.get("$defs", {}), f"{kind.__name__}.{part}")
    properties["status"].pop("default", None)  # the operator's to write, and dropped at creation anyway
    rules = {key: value for key, value in raw.items() if key.startswith(_EXTENSION)}
    description = " ".join(raw["description"].split())
    required = {"required": raw["required"]} if "required" in raw else {}
    return {"description": description, "type": "object", **required, "properties": properties, **rules}


def _convert(raw: Mapping[str, Any], definitions: Mapping[str, Any], where: str) -> _Schema:
    flat = _with_readable_default(_flatten(raw, definitions, where), where)
    schema: _Schema = {}
    for keyword in _KEYWORDS:
        if keyword in flat:
            schema[keyword] = flat[keyword]
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    schema |= {key: value for key, value in sorted(flat.items()) if key.startswith(_EXTENSION)}
    if "properties" in schema:
        schema["properties"] = {
            name: _convert(child, definitions, f"{where}.{name}") for name, child in schema["properties"].items()
        }
        schema.pop("additionalProperties", None)  # a structural schema has one of the two
    elif isinstance(schema.get("additionalProperties"), Mapping):
        schema["additionalProperties"] = _convert(schema["additionalProperties"], definitions, f"{where}.*")
    else:
        schema.pop("additionalProperties", None)
    if "items" in schema:
        schema["items"] = _convert(schema["items"], definitions, f"{where}[]")
    _demand_bounds(schema, where)
    return schema


def _flatten(raw: Mapping[str, Any], definitions: Mapping[str, Any], where: str) -> _Schema:
    """References followed, `anyOf` with null reduced, `const` made an enum; the outer keywords win."""
    outer = dict(raw)
    if "$ref" in outer:
        name = outer.pop("$ref").removeprefix("#/$defs/")
        return _flatten({**definitions[name], **outer}, definitions, where)
    if "anyOf" in outer:
        alternatives = [each for each in outer.pop("anyOf") if each.get("type") != "null"]
        if len(alternatives) != 1:
            raise SchemaError(f"{where}: a structural schema cannot choose between {len(alternatives)} types")
        return _flatten({**alternatives[0], **outer}, definitions, where)
    if "const" in outer:
        outer["enum"] = [outer.pop("const")]
    return outer


def _with_readable_default(flat: _Schema, where: str) -> _Schema:
    """Without a default that says nothing; a duration's as text, where pydantic shows the models' seconds.

    A number that is text in manifests has a pattern, which tells it from a duration. The API server takes no definition with a
    default that its own schema refuses.
    """
    default = flat.pop("default", None)
    if default in (None, "", [], {}):
        return flat
    pattern = flat.get("pattern", "")
    if isinstance(default, float) and flat.get("type") == "string":
        default = repr(default) if re.search(pattern, repr(default)) and pattern else format_duration(default)
    if isinstance(default, str) and not re.search(pattern, default):
        raise SchemaError(f"{where}: the default {default} does not match the pattern {pattern}")
    return {**flat, "default": default}


def _demand_bounds(schema: _Schema, where: str) -> None:
    """The API server estimates the cost of rules from these bounds, so that every list, map and text needs one."""
    keyword = _UNBOUNDED.get(schema.get("type", ""))
    if "additionalProperties" in schema:
        keyword = "maxProperties"
    if keyword is not None and keyword not in schema and not {"enum", "format"} & schema.keys():
        raise SchemaError(f"{where}: needs {keyword}")
