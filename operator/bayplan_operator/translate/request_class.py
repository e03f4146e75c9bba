"""From a pod spec to the library's request class: what it asks for and which nodes it allows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from bayplan.constraints import PreferredTerm, Requirement, Term, Toleration
from bayplan.workload import RequestClass

from bayplan_operator.kube import wire
from bayplan_operator.translate.pod_requests import pod_requests


def request_class(spec: Mapping[str, Any]) -> RequestClass:
    """The class of pods made from this spec. Raises ``ValueError`` where the spec is malformed."""
    try:
        decoded = msgspec.convert(spec, wire.PodSpec, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"the pod spec is malformed: {error}") from error
    node_affinity = _mapping(_mapping(spec.get("affinity")).get("nodeAffinity"))
    required = _mapping(node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))
    return RequestClass(
        resources=tuple(sorted(pod_requests(decoded).items())),
        node_selector=tuple(sorted(_mapping(spec.get("nodeSelector")).items())),
        required=tuple(_term(term) for term in _list(required.get("nodeSelectorTerms"))),
        preferred=tuple(
            PreferredTerm(int(term.get("weight", 1)), _term(_mapping(term.get("preference"))))
            for term in _list(node_affinity.get("preferredDuringSchedulingIgnoredDuringExecution"))
        ),
        tolerations=tuple(
            Toleration(t.get("key", ""), t.get("operator") or "Equal", t.get("value", ""), t.get("effect", ""))
            for t in _list(spec.get("tolerations"))
        ),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"the pod spec is malformed: expected a map, found {value!r}")
    return value


def _list(value: Any) -> Sequence[Mapping[str, Any]]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ValueError(f"the pod spec is malformed: expected a list of maps, found {value!r}")
    return value


def _term(term: Mapping[str, Any]) -> Term:
    return Term(
        expressions=tuple(_requirement(each) for each in _list(term.get("matchExpressions"))),
        fields=tuple(_requirement(each) for each in _list(term.get("matchFields"))),
    )


def _requirement(requirement: Mapping[str, Any]) -> Requirement:
    return Requirement(
        str(requirement.get("key", "")),
        str(requirement.get("operator", "")),
        tuple(str(value) for value in requirement.get("values") or ()),
    )
