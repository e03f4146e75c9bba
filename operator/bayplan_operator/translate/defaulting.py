"""What LimitRanges and RuntimeClasses make of a pod spec, where no API server can be asked."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import field

from bayplan_operator.kube import wire

KINDS = ("LimitRange", "RuntimeClass")
_Amounts = dict[str, str | int | float]


class _Limits(wire.Wire, frozen=True):
    type: str = ""
    default: _Amounts = field(default_factory=dict)
    default_request: _Amounts = field(default_factory=dict)
    max: _Amounts = field(default_factory=dict)
    min: _Amounts = field(default_factory=dict)


class _LimitRangeSpec(wire.Wire, frozen=True):
    limits: tuple[_Limits, ...] = ()


class _LimitRange(wire.Wire, frozen=True):
    metadata: wire.Metadata
    spec: _LimitRangeSpec = _LimitRangeSpec()


class _Overhead(wire.Wire, frozen=True):
    pod_fixed: _Amounts = field(default_factory=dict)


class _Scheduling(wire.Wire, frozen=True):
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[dict[str, Any], ...] = ()


class _RuntimeClass(wire.Wire, frozen=True):
    metadata: wire.Metadata
    overhead: _Overhead = _Overhead()
    scheduling: _Scheduling = _Scheduling()


class Defaults:
    """Those that are known, as manifests."""

    def __init__(self, manifests: Iterable[Mapping[str, Any]] = ()) -> None:
        """Raises ``ValueError`` where one of them cannot be read."""
        self._ranges: dict[str, list[_Limits]] = {}
        self._classes: dict[str, _RuntimeClass] = {}
        for each in manifests:
            self.take(each)

    def take(self, manifest: Mapping[str, Any]) -> None:
        """One more, whose kind is one of `KINDS`. Raises ``ValueError``."""
        try:
            if manifest["kind"] == "LimitRange":
                found = msgspec.convert(manifest, _LimitRange, strict=False)
                limits = [each for each in found.spec.limits if each.type == "Container"]
                self._ranges.setdefault(found.metadata.namespace or "default", []).extend(limits)
            else:
                made = msgspec.convert(manifest, _RuntimeClass, strict=False)
                self._classes[made.metadata.name] = made
        except msgspec.ValidationError as error:
            raise ValueError(f"this {manifest['kind']} cannot be read: {error}") from error

    @property
    def empty(self) -> bool:
        """None is known: every spec stays what it is."""
        return not (self._ranges or self._classes)

    def admitted(self, spec: Mapping[str, Any], namespace: str) -> dict[str, Any]:
        """The spec that pods of a template get in a namespace. Raises ``ValueError`` where none would be admitted."""
        made = self._of_class(spec)
        for limits in self._ranges.get(namespace, ()):
            for part in ("containers", "initContainers"):
                if made.get(part):
                    made[part] = [_completed(each, limits) for each in made[part]]
        return made

    def _of_class(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        found = self._classes.get(spec.get("runtimeClassName") or "")
        if found is None:
            return dict(spec)
        selector, wanted = dict(spec.get("nodeSelector") or {}), found.scheduling.node_selector
        for name, value in wanted.items():
            if selector.get(name, value) != value:
                raise ValueError(
                    f"nodeSelector {name} is {selector[name]}: RuntimeClass {found.metadata.name} requires {value}, so no pod "
                    "would be admitted"
                )
        given = spec.get("tolerations") or []
        tolerations = [*given, *(each for each in found.scheduling.tolerations if each not in given)]
        parts = {"nodeSelector": {**selector, **wanted}, "tolerations": tolerations, "overhead": found.overhead.pod_fixed}
        return {**spec, **{name: part for name, part in parts.items() if part}}


def _completed(container: Mapping[str, Any], limits: _Limits) -> dict[str, Any]:
    """Limits count as requests before a LimitRange is looked at (API reference, `LimitRangeItem`)."""
    resources = container.get("resources") or {}
    own_limits, own_requests = resources.get("limits") or {}, resources.get("requests") or {}
    default_limits: _Amounts = {**limits.max, **limits.default}
    default_requests: _Amounts = {**limits.min, **default_limits, **limits.default_request}
    completed = {
        "limits": {**default_limits, **own_limits},
        "requests": {**default_requests, **own_limits, **own_requests},
    }
    return {**container, "resources": {**resources, **completed}}
