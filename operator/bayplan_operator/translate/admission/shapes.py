"""The parts of a RuntimeClass and of a LimitRange that bear on a pod."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import field

from bayplan_operator.api.nulls import without_nulls
from bayplan_operator.api.quantity import QuantityError, parse_quantity
from bayplan_operator.api.validation.words import shown
from bayplan_operator.kube import wire
from bayplan_operator.translate.pod_shape import in_words

CONTAINER, POD = "Container", "Pod"


class MalformedObject(ValueError):
    """The object cannot be read; the message is one sentence that begins with the field."""


class Overhead(wire.Wire, frozen=True, forbid_unknown_fields=True):
    """What a pod takes beside its containers."""

    pod_fixed: wire.Quantities = field(default_factory=dict)


class Scheduling(wire.Wire, frozen=True, forbid_unknown_fields=True):
    """The nodes that can run such pods."""

    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: list[dict[str, Any]] = field(default_factory=list)


class RuntimeClass(wire.Wire, frozen=True):
    """How containers are run."""

    metadata: wire.Metadata = wire.Metadata()
    overhead: Overhead = Overhead()
    scheduling: Scheduling = Scheduling()


class LimitRangeItem(wire.Wire, frozen=True, forbid_unknown_fields=True):
    """Bounds and defaults for one type of thing."""

    type: str = ""
    default: wire.Quantities = field(default_factory=dict)
    default_request: wire.Quantities = field(default_factory=dict)
    min: wire.Quantities = field(default_factory=dict)
    max: wire.Quantities = field(default_factory=dict)
    max_limit_request_ratio: wire.Quantities = field(default_factory=dict)

    @property
    def limits(self) -> wire.Quantities:
        """What a container that has no limit gets: what is said, else the largest that is allowed."""
        return {**self.max, **self.default}

    @property
    def requests(self) -> wire.Quantities:
        """What a container that asks for nothing gets: what is said, else the limit, else the least that is allowed."""
        return {**self.min, **self.limits, **self.default_request}


class LimitRangeSpec(wire.Wire, frozen=True, forbid_unknown_fields=True):
    """All that a LimitRange says."""

    limits: list[LimitRangeItem] = field(default_factory=list)


class LimitRange(wire.Wire, frozen=True):
    """Bounds and defaults for what is made in a namespace."""

    metadata: wire.Metadata = wire.Metadata()
    spec: LimitRangeSpec = LimitRangeSpec()

    def items(self, kind: str) -> Iterator[LimitRangeItem]:
        """What it says of containers, or of pods."""
        return (each for each in self.spec.limits if each.type == kind)


def runtime_class(manifest: Mapping[str, Any]) -> RuntimeClass:
    """Raises ``MalformedObject``."""
    found = _read(manifest, RuntimeClass)
    _check("overhead.podFixed", found.overhead.pod_fixed)
    return found


def limit_range(manifest: Mapping[str, Any]) -> LimitRange:
    """Raises ``MalformedObject``."""
    found = _read(manifest, LimitRange)
    for number, item in enumerate(found.spec.limits):
        for amounts in _AMOUNTS:
            _check(f"spec.limits[{number}].{amounts.encode_name}", getattr(item, amounts.name))
    return found


_AMOUNTS = [each for each in msgspec.structs.fields(LimitRangeItem) if each.name != "type"]
_Kind = TypeVar("_Kind", RuntimeClass, LimitRange)


def _read(manifest: Mapping[str, Any], kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(without_nulls(manifest), kind, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedObject(in_words(str(error))) from error


def _check(where: str, amounts: wire.Quantities) -> None:
    for resource, amount in amounts.items():
        try:
            parse_quantity(resource, amount)
        except QuantityError as error:
            raise MalformedObject(f"{where}.{resource} is {shown(amount)}: {error}") from error
