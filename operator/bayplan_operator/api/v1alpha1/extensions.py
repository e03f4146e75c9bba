"""Kubernetes' extensions of a JSON schema, as pydantic's `json_schema_extra` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def cel(rule: str, message: str) -> dict[str, Any]:
    """One entry of `x-kubernetes-validations`: a CEL expression, and the sentence when it is false."""
    return {"rule": rule, "message": message}


def kubernetes(*rules: dict[str, Any], **extensions: str | bool | Sequence[str]) -> dict[str, Any]:
    """CEL rules and other extensions: `list_type="map"` becomes `x-kubernetes-list-type: map`."""
    extra: dict[str, Any] = {f"x-kubernetes-{key.replace('_', '-')}": value for key, value in extensions.items()}
    if rules:
        extra["x-kubernetes-validations"] = list(rules)
    return extra
