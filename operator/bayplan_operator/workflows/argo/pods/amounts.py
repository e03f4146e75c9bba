"""Containers of a pod: what they ask for, checked where the user wrote it."""

from collections.abc import Mapping
from typing import Any

from bayplan_operator.api.quantity import QuantityError, parse_exact, parse_quantity
from bayplan_operator.api.validation.words import shown
from bayplan_operator.workflows.argo.known_fields import CONTAINER, RESOURCES, look
from bayplan_operator.workflows.argo.remarks import Remarks, below
from bayplan_operator.workflows.argo.tags import Scope, filled
from bayplan_operator.workflows.fields import Fields


def container(given: Fields, scope: Scope, remarks: Remarks) -> dict[str, Any]:
    """What of a container decides about its node. Raises `InputError`."""
    look(given, CONTAINER, remarks)
    kept = {key: given.value[key] for key in ("name", "restartPolicy") if given.value.get(key) is not None}
    found: dict[str, Any] = filled(given.document, kept, scope, given.place)
    if given.value.get("resources") is not None:
        found["resources"] = resources(given.map("resources"), scope, remarks)
    for number, port in enumerate(given.maps("ports")):
        if port.value.get("hostPort"):
            remarks.not_read(f"{given.place}.ports[{number}].hostPort", "ports of the host are not simulated")
    return found


def resources(given: Fields, scope: Scope, remarks: Remarks) -> dict[str, Any]:
    """Requests and limits. Raises `InputError` for an amount that no cluster would take."""
    look(given, RESOURCES, remarks)
    return {field: amounts(given.map(field), scope) for field in ("requests", "limits") if given.value.get(field) is not None}


def amounts(given: Fields, scope: Scope) -> dict[str, Any]:
    """By resource; 0 is an amount like any other. Raises `InputError`."""
    found: Mapping[str, Any] = filled(given.document, given.value, scope, given.place)
    for name, value in found.items():
        wrong = _wrong(name, value)
        if wrong:
            place = below(given.place, name)
            raise given.document.fault(f"{place} is {shown(value)}: {wrong}", place)
    return {name: value for name, value in found.items() if value is not None}


def _wrong(name: str, value: Any) -> str:
    if value is None:
        return ""
    try:
        exact = parse_exact(value)
        parse_quantity(name, value)
    except QuantityError as error:
        return str(error)
    if exact < 0:
        return "must not be negative"
    return "must be a whole number: devices cannot be divided" if "/" in name and exact.denominator != 1 else ""
