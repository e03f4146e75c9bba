"""From a pod spec to the library's request class: what it asks for and which nodes it allows."""

from collections.abc import Mapping
from typing import Any

from bayplan.model.constraints import PreferredTerm, Requirement, Term, Toleration
from bayplan.model.workload import RequestClass
from bayplan_operator.translate import pod_shape
from bayplan_operator.translate.gpus import gpu_ask
from bayplan_operator.translate.judged_elsewhere import judged_elsewhere
from bayplan_operator.translate.pod_requests import pod_requests


def request_class(spec: Mapping[str, Any], origin: str = "", gpu_models: tuple[str, ...] = ()) -> RequestClass:
    """The class of pods made from this spec. Raises ``ValueError`` where the spec is malformed, or asks for GPUs in a way
    that has no sense.

    ``origin`` names the template and its namespace. It tells classes apart where kube-scheduler judges more than the
    library sees, since its verdict then depends on more than what is in the class.
    """
    shape, decoded = pod_shape.read(spec)
    affinity = shape.affinity.node_affinity
    resources = pod_requests(decoded)
    return RequestClass(
        resources=tuple(sorted(resources.items())),
        node_selector=tuple(sorted(shape.node_selector.items())),
        required=tuple(
            _term(term) for term in affinity.required_during_scheduling_ignored_during_execution.node_selector_terms
        ),
        preferred=tuple(
            PreferredTerm(each.weight, _term(each.preference))
            for each in affinity.preferred_during_scheduling_ignored_during_execution
        ),
        tolerations=tuple(Toleration(t.key, t.operator or "Equal", t.value, t.effect) for t in shape.tolerations),
        judged_elsewhere=origin if judged_elsewhere(spec) else "",
        gpus=gpu_ask(resources, gpu_models),
    )


def _term(term: pod_shape.Term) -> Term:
    return Term(
        expressions=tuple(_requirement(each) for each in term.match_expressions),
        fields=tuple(_requirement(each) for each in term.match_fields),
    )


def _requirement(requirement: pod_shape.Requirement) -> Requirement:
    return Requirement(requirement.key, requirement.operator, requirement.values)
