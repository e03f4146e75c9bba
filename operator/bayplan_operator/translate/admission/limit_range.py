"""What the LimitRanges of a namespace make of a pod: requests and limits that its containers leave out, and bounds.

The rules are facts of Kubernetes 1.36: `plugin/pkg/admission/limitranger`, and `pkg/apis/core/v1/defaults.go` for what is set
before admission sees the pod.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bayplan.model.resources import amount_in_words
from bayplan_operator.api.quantity import is_of_pods
from bayplan_operator.kube import wire
from bayplan_operator.translate import pod_shape
from bayplan_operator.translate.admission.refusals import NotAdmitted
from bayplan_operator.translate.admission.shapes import CONTAINER, POD, LimitRange, LimitRangeItem
from bayplan_operator.translate.amounts import Thousandths, accepted_thousandths, thousandths, whole_units
from bayplan_operator.translate.pod_requests import container_requests, containers_together, whole_requests

_CONTAINERS = ("containers", "initContainers")


def apply_limit_ranges(spec: Mapping[str, Any], ranges: Sequence[LimitRange]) -> Mapping[str, Any]:
    """The pod spec with what its containers leave out. Raises ``NotAdmitted`` where it breaks a bound.

    If several LimitRanges set the same default, the first counts; Kubernetes promises no order.
    """
    spec = _with_defaults(spec)
    for each in ranges:
        for item in each.items(CONTAINER):
            for field in _CONTAINERS:
                if spec.get(field):
                    spec[field] = [_filled(container, item, each.metadata.name) for container in spec[field]]
    _, pod = pod_shape.read(spec)
    for each in ranges:
        for problem in _problems(pod, each):
            raise NotAdmitted(f"LimitRange {each.metadata.name}: {problem}")
    for problem in _more_than_the_whole(pod):
        raise NotAdmitted(f"LimitRange {', '.join(each.metadata.name for each in ranges)}: {problem}")
    return spec


def _with_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the requests that the API server sets before admission: for resources with only a limit, and for the pod
    as a whole."""
    made = {**spec, **{field: list(map(_asking, spec[field])) for field in _CONTAINERS if spec.get(field)}}
    if spec.get("resources"):
        _, pod = pod_shape.read(spec)
        whole = whole_requests(pod.resources, containers_together(pod, container_requests))
        made["resources"] = {**spec["resources"], "requests": {name: f"{amount}m" for name, amount in whole.items()}}
    return made


def _asking(container: Mapping[str, Any]) -> Mapping[str, Any]:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    return {**container, "resources": {**resources, "requests": {**limits, **(resources.get("requests") or {})}}}


def _filled(container: Mapping[str, Any], item: LimitRangeItem, name: str) -> Mapping[str, Any]:
    resources = container["resources"]
    given = resources.get("limits") or {}
    limits, requests = {**item.limits, **given}, {**item.requests, **resources["requests"]}
    for resource in item.limits.keys() - given.keys():
        if accepted_thousandths(str(requests[resource])) > accepted_thousandths(str(limits[resource])):
            raise NotAdmitted(
                f'LimitRange {name}: container "{container.get("name")}" asks for {requests[resource]} {resource} and has no '
                f"limit, so that it gets {limits[resource]}, which is less: give it a limit of its own"
            )
    return {**container, "resources": {**resources, "limits": limits, "requests": requests}}


def _problems(pod: wire.PodSpec, limit_range: LimitRange) -> Iterator[str]:
    for item in limit_range.items(CONTAINER):
        for container in (*pod.containers, *pod.init_containers):
            yield from _broken(f'container "{container.name}"', container_requests(container), _limits(container), item)
    for item in limit_range.items(POD):
        together, limits = containers_together(pod, container_requests), containers_together(pod, _limits)
        together |= whole_requests(pod.resources, together)
        limits |= {name: limit for name, limit in thousandths(pod.resources.limits).items() if is_of_pods(name)}
        yield from _broken("the pod", together, limits, item)


def _more_than_the_whole(pod: wire.PodSpec) -> Iterator[str]:
    """What containers were given beyond that which the pod as a whole asks for, or may use."""
    requests, limits = thousandths(pod.resources.requests), thousandths(pod.resources.limits)
    for resource, together in containers_together(pod, container_requests).items():
        if together > requests.get(resource, together):
            ask = f"the containers ask for {_in_words(resource, together)} of {resource} together"
            yield f"{ask}, and the pod as a whole for {_in_words(resource, requests[resource])}: it must ask for as much"
    for container in (*pod.containers, *pod.init_containers):
        for resource, limit in _limits(container).items():
            if limit > limits.get(resource, limit):
                most = _in_words(resource, limits[resource])
                has = f'container "{container.name}" is limited to {_in_words(resource, limit)} of {resource}'
                yield f"{has}, and the pod as a whole to {most}: give the container a limit of its own"


def _limits(container: wire.Container) -> Thousandths:
    return thousandths(container.resources.limits)


def _broken(what: str, requests: Thousandths, limits: Thousandths, item: LimitRangeItem) -> Iterator[str]:
    for resource, least in thousandths(item.min).items():
        words = f"at least {_in_words(resource, least)} is required"
        if resource not in requests:
            yield f"{what} asks for no {resource}: {words}"
        for verb, amounts in (("asks for", requests), ("is limited to", limits)):
            if amounts.get(resource, least) < least:
                yield f"{what} {verb} {_in_words(resource, amounts[resource])} of {resource}: {words}"
    for resource, most in thousandths(item.max).items():
        words = f"at most {_in_words(resource, most)} is allowed"
        if resource not in limits:
            yield f"{what} has no limit of {resource}: it must have one, and {words}"
        for verb, amounts in (("is limited to", limits), ("asks for", requests)):
            if amounts.get(resource, most) > most:
                yield f"{what} {verb} {_in_words(resource, amounts[resource])} of {resource}: {words}"
    for resource, ratio in thousandths(item.max_limit_request_ratio).items():
        request, limit = requests.get(resource, 0), limits.get(resource, 0)
        if not request or not limit:
            yield f"{what} needs a request and a limit of {resource}, since their ratio is bounded"
        elif 1000 * limit > ratio * request:
            amounts_there = (
                f"asks for {_in_words(resource, request)} of {resource} and is limited to {_in_words(resource, limit)}"
            )
            yield f"{what} {amounts_there}: the limit must be at most {ratio / 1000:g} times the request"


def _in_words(resource: str, amount: int) -> str:
    return amount_in_words(resource, whole_units(resource, amount), up=True)
