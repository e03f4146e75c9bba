"""The objects of a cluster that admission goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bayplan_operator.translate import pod_shape
from bayplan_operator.translate.admission.limit_range import apply_limit_ranges
from bayplan_operator.translate.admission.refusals import NotAdmitted
from bayplan_operator.translate.admission.runtime_class import apply_runtime_class
from bayplan_operator.translate.admission.shapes import LimitRange, RuntimeClass, limit_range, runtime_class

_DEFAULT_NAMESPACE = "default"


@dataclass(slots=True)
class AdmissionObjects:
    """RuntimeClasses, and the LimitRanges of each namespace."""

    runtime_classes: dict[str, RuntimeClass] = field(default_factory=dict)
    limit_ranges: dict[str, list[LimitRange]] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    """RuntimeClasses that pods name and that are not here."""

    def take(self, manifest: Mapping[str, Any]) -> bool:
        """Take in a manifest; answers whether it is of a kind that counts here. Raises ``MalformedObject``."""
        if manifest.get("kind") == "RuntimeClass":
            made = runtime_class(manifest)
            self.runtime_classes[made.metadata.name] = made
        elif manifest.get("kind") == "LimitRange":
            bounds = limit_range(manifest)
            self.limit_ranges.setdefault(bounds.metadata.namespace or _DEFAULT_NAMESPACE, []).append(bounds)
        else:
            return False
        return True

    def admitted(self, spec: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
        """The pod spec as it would be stored, as far as these objects say. Raises ``NotAdmitted``.

        A RuntimeClass that is missing changes nothing: it may be in the cluster all the same.
        """
        pod_shape.read(spec)  # so that what follows may rely on its shape
        name = spec.get("runtimeClassName") or ""
        if spec.get("overhead") and not name:
            raise NotAdmitted("overhead is set, and no runtimeClassName: only a RuntimeClass can give a pod overhead")
        if name in self.runtime_classes:
            spec = apply_runtime_class(spec, self.runtime_classes[name])
        elif name:
            self.missing[name] = None
        ranges = self.limit_ranges.get(namespace or _DEFAULT_NAMESPACE)
        return apply_limit_ranges(spec, ranges) if ranges else spec
