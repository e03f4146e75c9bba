"""What the schemas of the generated CRDs do to an object: defaults, pruning, refusals."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CRDS = Path(__file__).parents[3] / "crds"
Schema = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@cache
def schema(plural: str) -> Schema:
    """The schema of one of our kinds. Rules in CEL are not looked at."""
    crd = yaml.load((CRDS / f"{plural}.yaml").read_text(), Loader=yaml.CSafeLoader)
    found: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def completed(value: Any, by: Schema) -> Any:
    """A copy with defaults filled in and without what the schema does not know."""
    if isinstance(value, dict):
        return _completed_map(value, by)
    if isinstance(value, list) and "items" in by:
        return [completed(each, by["items"]) for each in value]
    return value


def _completed_map(value: dict[str, Any], by: Schema) -> dict[str, Any]:
    if "additionalProperties" in by:
        return {name: completed(each, by["additionalProperties"]) for name, each in value.items()}
    known = by.get("properties", {})
    keeps = by.get("x-kubernetes-preserve-unknown-fields", False) or not by
    made = {}
    for name, each in value.items():
        if name in known:
            if each is not None or known[name].get("nullable"):
                made[name] = completed(each, known[name])
        elif keeps:
            made[name] = each
    for name, each in known.items():
        if name not in made and "default" in each:
            made[name] = completed(each["default"], each)
    return made


def faults(value: Any, by: Schema, where: str = "") -> list[str]:
    """What of it the schema refuses, in words like the API server's."""
    kind = by.get("type")
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{where}: Invalid value: {where} in body must be of type {kind}"]
    if isinstance(value, dict):
        return _faults_in_map(value, by, where)
    if isinstance(value, list):
        found = _beyond(len(value), by, "minItems", "maxItems", f"{where} has a wrong number of items")
        for number, each in enumerate(value):
            found += faults(each, by.get("items", {}), f"{where}[{number}]")
        return found
    if isinstance(value, str):
        found = _beyond(len(value), by, "minLength", "maxLength", f"{where} has a wrong length")
        if "pattern" in by and not re.search(by["pattern"], value):
            found.append(f"{where}: Invalid value: \"{value}\": {where} in body should match '{by['pattern']}'")
        if "enum" in by and value not in by["enum"]:
            found.append(f'{where}: Unsupported value: "{value}"')
        return found
    return _beyond(value, by, "minimum", "maximum", f"{where} is {value}") if kind in ("integer", "number") else []


def _faults_in_map(value: dict[str, Any], by: Schema, where: str) -> list[str]:
    found = [f"{where}.{name}: Required value" for name in by.get("required", ()) if name not in value]
    for name, each in value.items():
        inner = by.get("properties", {}).get(name) or by.get("additionalProperties")
        if isinstance(inner, dict):
            found += faults(each, inner, f"{where}.{name}" if where else name)
    return found


def _beyond(value: float, by: Schema, least: str, most: str, words: str) -> list[str]:
    if value < by.get(least, value) or value > by.get(most, value):
        return [f"{words}: {by.get(least)} to {by.get(most)}"]
    return []
