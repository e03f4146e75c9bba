"""From a foreign pod's spec to the spec that lets it go to its node, and to no other.

While a pod has a scheduling gate, the API server lets its node affinity be narrowed: where the pod requires nothing of its
node, anything may be set. Otherwise the number of terms must stay, each term that says something may only get more expressions
and fields, and a term that says nothing, which no node matches, must stay empty (`validateNodeAffinityMutation` in
`pkg/apis/core/validation/validation.go` of Kubernetes 1.36; KEP-3838).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bayplan_operator import names
from bayplan_operator.translate.gpus import write_devices
from bayplan_operator.translate.pod import REQUIRED, pin, required_terms


def narrowing(pod: Mapping[str, Any], nodes: Sequence[str], gpus: tuple[int, ...]) -> dict[str, Any]:
    """A merge patch for the pod as it is: its affinity narrowed to the nodes, our gate off, other gates as they are.

    Of several nodes, the first alone counts where the pod requires something of its node: terms cannot become more.
    """
    metadata, spec = pod["metadata"], pod["spec"]
    kept = [each for each in spec.get("schedulingGates") or () if each.get("name") != names.GATE]
    annotations = {"annotations": {names.ANNOTATION_GPUS: write_devices(gpus)}} if gpus else {}
    return {
        "metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], **annotations},
        "spec": {
            "affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": _terms(spec, nodes)}}},
            "schedulingGates": kept or None,
        },
    }


def _terms(spec: Mapping[str, Any], nodes: Sequence[str]) -> list[Mapping[str, Any]]:
    given = required_terms(spec.get("affinity") or {})
    if not given:
        return [{"matchFields": [pin(node)]} for node in nodes]
    return [_with_pin(term, nodes[0]) if _says_something(term) else term for term in given]


def _with_pin(term: Mapping[str, Any], node: str) -> Mapping[str, Any]:
    return {**term, "matchFields": [*(term.get("matchFields") or ()), pin(node)]}


def _says_something(term: Mapping[str, Any]) -> bool:
    return bool(term.get("matchExpressions") or term.get("matchFields"))


def same_demands(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specs require the same of their node: what may change while a pod is gated."""
    return _demands(one) == _demands(other)


def _demands(spec: Mapping[str, Any]) -> tuple[Mapping[str, str], Sequence[Mapping[str, Any]]]:
    return spec.get("nodeSelector") or {}, required_terms(spec.get("affinity") or {})
