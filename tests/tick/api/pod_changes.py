"""What may be changed of a pod's spec while it is there: validation.go of Kubernetes 1.36 (`ValidatePodUpdate`), as far as it
is about scheduling."""

from __future__ import annotations

from typing import Any

from tests.tick.api.refusal import Refusal

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_CHANGEABLE = ("schedulingGates", "affinity", "nodeSelector", "nodeName", "tolerations", "containers")
Object = dict[str, Any]


def check(before: Object, after: Object) -> None:
    """Raises `Refusal` where the API server would not let a pod become that."""
    old, new = before["spec"], after["spec"]
    gates, left = _names(old), _names(new)
    if not set(left) <= set(gates):
        _refuse(before, "spec.schedulingGates: only deletion is allowed, but found new scheduling gate")
    if _nodes(old) != _nodes(new):
        if not gates:
            _refuse(before, "spec: pod updates may not change fields other than tolerations, schedulingGates")
        _check_narrowed(before, _nodes(old), _nodes(new))
    if any(old.get(field) != new.get(field) for field in {*old, *new} if field not in _CHANGEABLE):
        _refuse(before, "spec: pod updates may not change fields other than tolerations, schedulingGates")


def _check_narrowed(pod: Object, old: list[Object], new: list[Object]) -> None:
    if old and len(old) != len(new):
        _refuse(pod, "nodeSelectorTerms: no additions/deletions to non-empty NodeSelectorTerms list are allowed")
    for one, other in zip(old, new, strict=False):
        kept = all(other.get(part, [])[: len(said)] == said for part, said in one.items())
        if not kept or (not any(one.values()) and any(other.values())):
            _refuse(pod, "nodeSelectorTerms: only additions are allowed (no mutations or deletions)")


def _names(spec: Object) -> list[str]:
    return [each["name"] for each in spec.get("schedulingGates") or ()]


def _nodes(spec: Object) -> list[Object]:
    required = spec.get("affinity", {}).get("nodeAffinity", {}).get(_REQUIRED, {})
    return list(required.get("nodeSelectorTerms", ()))


def _refuse(pod: Object, words: str) -> None:
    raise Refusal(422, "Invalid", f'Pod "{pod["metadata"]["name"]}" is invalid: {words}')
