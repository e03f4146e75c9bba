"""From a foreign pod's spec to what the decider is told of it. The API server has accepted the spec already."""

from collections.abc import Mapping
from typing import Any

from bayplan.model.neighbour import Neighbour
from bayplan.model.run_law import RunLaw
from bayplan.model.workload import RequestClass
from bayplan_operator.kube import wire
from bayplan_operator.translate.neighbours import nearby_terms
from bayplan_operator.translate.pod import without_pins
from bayplan_operator.translate.request_class import request_class


class MalformedSpec(ValueError):
    """The message is one sentence: which field, what is wrong, what would be right."""


def class_of_pod(pod: wire.Pod, spec: Mapping[str, Any], pinned_to: tuple[str, ...] = ()) -> RequestClass:
    """What it asks for; ``pinned_to``: the nodes to which we have narrowed it. Raises ``MalformedSpec``."""
    for number, each in enumerate(spec.get("topologySpreadConstraints") or ()):
        several = (each.get("minDomains") or 1) > 1
        if several and each.get("nodeAffinityPolicy") != "Ignore" and each.get("whenUnsatisfiable") != "ScheduleAnyway":
            # kube-scheduler sees one domain for a pod that may go to one node, and would let in `maxSkew` pods only.
            raise MalformedSpec(
                f"topologySpreadConstraints[{number}].minDomains is {each['minDomains']}: it does not go together with a pod "
                "that is narrowed to one node; leave it out, or set nodeAffinityPolicy: Ignore"
            )
    if pinned_to:
        spec = {**spec, "affinity": without_pins(spec.get("affinity") or {}, pinned_to)}
    try:
        return request_class(spec, origin=f"{pod.metadata.namespace}/{owner_of(pod)}")
    except ValueError as error:
        raise MalformedSpec(str(error)) from error


def neighbour_of_pod(namespace: str, labels: Mapping[str, str], spec: Mapping[str, Any]) -> Neighbour:
    """What others see of it, and what it asks of them. Raises ``MalformedSpec``."""
    try:
        return nearby_terms(spec).of(namespace, labels)
    except ValueError as error:
        raise MalformedSpec(str(error)) from error


def run_of_pod(pod: wire.Pod) -> RunLaw | None:
    """How long it runs, as far as its own ``activeDeadlineSeconds`` bounds that; ``None``: nothing is known."""
    seconds = pod.spec.active_deadline_seconds
    return None if not seconds else RunLaw(float(seconds), most=float(seconds))


def owner_of(pod: wire.Pod) -> str:
    """The name of its controller; of a bare pod its own."""
    return next((each.name for each in pod.metadata.owner_references if each.controller), pod.metadata.name)
