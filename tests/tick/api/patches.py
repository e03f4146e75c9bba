"""Merge patches (RFC 7396) and JSON patches (RFC 6902), as far as the operator and the tests send them."""

from __future__ import annotations

from typing import Any


class PatchError(Exception):
    """A JSON patch that cannot be applied to the object as it is."""


def merged(value: Any, patch: Any) -> Any:
    """A copy with a merge patch applied."""
    if not isinstance(patch, dict):
        return patch
    made = dict(value) if isinstance(value, dict) else {}
    for name, each in patch.items():
        if each is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), each)
    return made


def merged_by_type(value: Any, patch: Any) -> Any:
    """A copy of a pod with a strategic merge patch applied: as a merge patch, but conditions are merged by their type."""
    made = merged(value, patch)
    given = patch.get("status", {}).get("conditions")
    if given is not None:
        by_type = {each["type"]: each for each in value.get("status", {}).get("conditions", ())}
        for each in given:
            by_type[each["type"]] = {**by_type.get(each["type"], {}), **each}
        made["status"]["conditions"] = list(by_type.values())
    return made


def edited(value: Any, operations: list[dict[str, Any]]) -> Any:
    """A copy with `test` and `remove` operations applied. Raises `PatchError`."""
    for operation in operations:
        path = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        if operation["op"] == "test":
            if _at(value, path) != operation["value"]:
                raise PatchError(f"testing path {operation['path']} failed")
        elif operation["op"] == "remove":
            value = _without(value, path)
        else:
            raise PatchError(f"{operation['op']} is an operation that is not played here")
    return value


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = _inside(value, part)
    return value


def _without(value: Any, path: list[str]) -> Any:
    first, *rest = path
    inner = _inside(value, first)
    if isinstance(value, list):
        index = int(first)
        return [*value[:index], *([_without(inner, rest)] if rest else []), *value[index + 1 :]]
    return {**{k: v for k, v in value.items() if k != first}, **({first: _without(inner, rest)} if rest else {})}


def _inside(value: Any, part: str) -> Any:
    try:
        return value[int(part)] if isinstance(value, list) else value[part]
    except (KeyError, IndexError, ValueError, TypeError):
        raise PatchError(f"there is nothing at {part}") from None
