"""Fields that a pod does not have, as the API server finds them where it is asked to be strict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kubernetes import client

_ITEMS = re.compile(r"[Ll]ist\[(.*)\]")


def unknown_fields(pod: dict[str, Any]) -> list[str]:
    """Their paths, such as `spec.containers[0].resource`."""
    return list(_unknown(pod, "V1Pod", ""))


def _unknown(value: Any, kind: str, where: str) -> Iterator[str]:
    items, model = _ITEMS.fullmatch(kind), getattr(client, kind, None)
    if items is not None and isinstance(value, list):
        for number, each in enumerate(value):
            yield from _unknown(each, items[1], f"{where}[{number}]")
    elif isinstance(value, dict) and hasattr(model, "attribute_map"):
        known = {written: model.openapi_types[name] for name, written in model.attribute_map.items()}
        for name, each in value.items():
            path = f"{where}.{name}" if where else name
            if name in known:
                yield from _unknown(each, known[name], path)
            else:
                yield path
