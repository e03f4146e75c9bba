"""Requests and limits: malformed, zero or negative ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..quantity import QuantityError, is_of_pods, parse_exact, parse_quantity
from .words import shown

_CONTAINER_LISTS = ("initContainers", "containers")
_AMOUNTS = ("requests", "limits")
_FIELDS = (*_AMOUNTS, "claims")


def resource_problems(where: str, pod_spec: Mapping[str, Any]) -> Iterator[str]:
    """Problems of every amount in `pod_spec`, which stands at the path `where`.

    Looks at all containers, at the pod's own `resources`, and at `overhead`. Tolerates any shape elsewhere.
    """
    for field in _CONTAINER_LISTS:
        containers = pod_spec.get(field)
        if isinstance(containers, list):
            for position, container in enumerate(containers):
                if isinstance(container, Mapping):
                    yield from _requirements(f"{where}.{field}[{position}].resources", container.get("resources"))
    yield from _requirements(f"{where}.resources", pod_spec.get("resources"))
    yield from _not_of_pods(f"{where}.resources", pod_spec.get("resources"))
    yield from _amounts(f"{where}.overhead", pod_spec.get("overhead"))


def _requirements(where: str, resources: object) -> Iterator[str]:
    if resources is None:
        return
    if not isinstance(resources, Mapping):
        yield f"{where} is {shown(resources)}: must be a map with requests and limits"
        return
    for key in resources:
        if key not in _FIELDS:
            yield f"{where} has {shown(key)}, which is none of {', '.join(_FIELDS)}: amounts stand under requests or limits"
    for field in _AMOUNTS:
        yield from _amounts(f"{where}.{field}", resources.get(field))


def _not_of_pods(where: str, resources: object) -> Iterator[str]:
    for field in _AMOUNTS:
        amounts = resources.get(field) if isinstance(resources, Mapping) else None
        for resource in amounts if isinstance(amounts, Mapping) else ():
            if not is_of_pods(str(resource)):
                words = "a pod as a whole asks for cpu, memory and huge pages only; ask for it in a container"
                yield f"{where}.{field} has {shown(resource)}: {words}"


def _amounts(where: str, amounts: object) -> Iterator[str]:
    if amounts is None:
        return
    if not isinstance(amounts, Mapping):
        yield f'{where} is {shown(amounts)}: must be a map such as {{"cpu": "2", "memory": "4Gi"}}'
        return
    for resource, value in amounts.items():
        problem = _amount(str(resource), value)
        if problem is not None:
            yield f"{where}.{resource} is {shown(value)}: {problem}"


def _amount(resource: str, value: object) -> str | None:
    try:
        exact = parse_exact(value)
        parse_quantity(resource, value)
    except QuantityError as error:
        return str(error)
    if exact < 0:
        return "must not be negative"
    if exact == 0:
        return "must be more than zero; leave it out if the task needs none"
    if "/" in resource and exact.denominator != 1:
        return "must be a whole number: devices cannot be divided"
    return None
