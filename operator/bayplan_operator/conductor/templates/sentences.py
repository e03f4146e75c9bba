"""What the API server says against a template, in words for the graph's author."""

import difflib
import re

from kubernetes import client

_UNKNOWN = re.compile(r'unknown field "([^"]+)"')
_NOISE = re.compile(r'^(Pod in version "v1" cannot be handled as a Pod: |Pod "[^"]*" is invalid: |pods "[^"]*" is forbidden: )')
_STEP = re.compile(r"([^.\[\]]+)(?:\[\d+\])?")
_LIST = re.compile(r"^[Ll]ist\[(.*)\]$")
_LONGEST = 600


def refusal(where: str, message: str) -> str:
    """No pod of a task will ever be created. ``where``: which task, as a path of the graph; ``message``: the API server's."""
    unknown = _UNKNOWN.findall(message)
    if unknown:
        return f"{where}: the API server does not know {', or '.join(map(_field, unknown))}"
    return f"{where}: the API server refuses its pods: {_plain(message)}"


def in_doubt(where: str, message: str) -> str:
    """Pods of a task may be refused, or be others than is counted with, for a reason that can pass."""
    return f"{where}: the API server did not say what it makes of its pods: {_plain(message)}"


def unanswered(where: str, seconds: float) -> str:
    """The API server has not answered in time."""
    return f"{where}: the API server did not say within {seconds:.0f} s what it makes of its pods"


def _plain(message: str) -> str:
    return _NOISE.sub("", message)[:_LONGEST]


def _field(path: str) -> str:
    nearest = difflib.get_close_matches(path.rpartition(".")[2], _siblings(path), n=1)
    return f"the field {path}" + (f': did you mean "{nearest[0]}"?' if nearest else "")


def _siblings(path: str) -> list[str]:
    """The fields that a pod can have where this one stands, as the official client knows them."""
    model: type | None = client.V1Pod
    for name in _STEP.findall(path)[:-1]:
        fields = getattr(model, "attribute_map", {})
        attribute = next((each for each, written in fields.items() if written == name), "")
        kind = getattr(model, "openapi_types", {}).get(attribute, "")
        model = getattr(client, _LIST.sub(r"\1", kind), None)
    return list(getattr(model, "attribute_map", {}).values())
