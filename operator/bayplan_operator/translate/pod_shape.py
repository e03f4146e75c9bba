"""The shape of the parts of a pod spec that the operator reads.

The API server takes any shape in a template and would refuse a wrong one only when the pod is created. Whatever looks
into a pod spec before that may rely on what is checked here.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.kube import wire

T = TypeVar("T")


class _EnvVar(wire.Wire, frozen=True):
    name: str = ""


class _Container(wire.Wire, frozen=True):
    env: tuple[_EnvVar, ...] = ()


class Toleration(wire.Wire, frozen=True):
    """As in a pod spec."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class Requirement(wire.Wire, frozen=True):
    """One expression over labels or fields."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class Term(wire.Wire, frozen=True):
    """Expressions that must all hold."""

    match_expressions: tuple[Requirement, ...] = ()
    match_fields: tuple[Requirement, ...] = ()


class Preferred(wire.Wire, frozen=True):
    """A term that makes a node better."""

    weight: int = 1
    preference: Term = Term()


class Required(wire.Wire, frozen=True):
    """Alternatives, one of which must hold."""

    node_selector_terms: tuple[Term, ...] = ()


class NodeAffinity(wire.Wire, frozen=True):
    """What the pod requires and prefers of its node."""

    required_during_scheduling_ignored_during_execution: Required = Required()
    preferred_during_scheduling_ignored_during_execution: tuple[Preferred, ...] = ()


class Affinity(wire.Wire, frozen=True):
    """Of it only the part about nodes is read."""

    node_affinity: NodeAffinity = NodeAffinity()


class Shape(wire.Wire, frozen=True):
    """What a pod spec asks of the nodes, and what else must have the right type."""

    node_selector: dict[str, str] = msgspec.field(default_factory=dict)
    affinity: Affinity = Affinity()
    tolerations: tuple[Toleration, ...] = ()
    containers: tuple[_Container, ...] = ()
    init_containers: tuple[_Container, ...] = ()
    priority_class_name: str = ""
    runtime_class_name: str = ""
    service_account_name: str = ""
    service_account: str = ""


class MalformedPodSpec(ValueError):
    """The message says which field has the wrong type."""


def read(spec: Mapping[str, Any]) -> tuple[Shape, wire.PodSpec]:
    """The pod spec's shape, and its resources as those of a pod are decoded. Raises ``MalformedPodSpec``."""
    return read_as(Shape, spec), read_as(wire.PodSpec, spec, strict=False)


def read_as(kind: type[T], spec: Mapping[str, Any], strict: bool = True) -> T:
    """The parts of a pod spec that a type has. ``strict``: numbers are not taken for text. Raises ``MalformedPodSpec``."""
    try:
        return msgspec.convert(without_nulls(spec), kind, strict=strict)
    except msgspec.ValidationError as error:
        raise MalformedPodSpec(f"the pod spec is malformed: {in_words(str(error))}") from error


_WRONG_TYPE = re.compile(r"Expected `(?P<right>.+)`, got `(?P<wrong>.+)` - at `\$\.?(?P<path>.*)`")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>.+)` - at `\$\.?(?P<path>.*)`")
_WORDS = {
    "str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "object": "a map", "array": "a list", "null": "null",
}  # fmt: skip


def in_words(message: str) -> str:
    """What msgspec says of a wrong type or an unknown field, as a sentence that begins with the field."""
    unknown = _UNKNOWN_FIELD.fullmatch(message)
    if unknown is not None:
        return f"{unknown['path']}.{unknown['field']}: there is no such field"
    found = _WRONG_TYPE.fullmatch(message)
    if found is None:
        return message
    right = " or ".join(_WORDS.get(part, part) for part in found["right"].split(" | "))
    return f"{found['path']} must be {right}, not {_WORDS.get(found['wrong'], found['wrong'])}"
