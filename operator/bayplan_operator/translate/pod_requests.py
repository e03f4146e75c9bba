"""What a pod asks of a node, summed up as kube-scheduler does.

Sums are in thousandths of a unit, and rounded up to whole units at the end, as Kubernetes does. The rules are facts of
Kubernetes 1.36: `resource/helpers.go` of k8s.io/component-helpers and the API server's defaults for pods
(`pkg/apis/core/v1/defaults.go`). KEP-753 (sidecars) and KEP-2837 (resources of a pod as a whole) give the reasons.
"""

from collections.abc import Callable

from bayplan_operator.api.quantity import HUGE_PAGES, is_of_pods
from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import Thousandths, add, raise_to, thousandths, whole_units
from bayplan_operator.translate.resizing import Resizing

_NOT_SEEN = wire.PodStatus()


def pod_requests(spec: wire.PodSpec, status: wire.PodStatus = _NOT_SEEN) -> dict[str, int]:
    """The pod's effective request in smallest units, with ``pods: 1``.

    A template and the pod that the API server makes of it come to the same: what the API server sets by default counts as set.
    ``status``: of a pod that there is, since it may be on the way from one size to another.
    """
    resizing = Resizing(spec, status)
    total = containers_together(spec, lambda each: resizing.of_container(each, container_requests(each)))
    total.update(resizing.of_whole(whole_requests(spec.resources, total)))
    add(total, thousandths(spec.overhead))
    found = {name: whole_units(name, amount) for name, amount in total.items()}
    found["pods"] = 1
    return found


def containers_together(spec: wire.PodSpec, amounts: Callable[[wire.Container], Thousandths]) -> Thousandths:
    """What the containers need together, each of them its ``amounts``.

    Containers add up, together with sidecars (init containers that restart always). Any other init container runs before them,
    beside the sidecars that were started before it.
    """
    total: Thousandths = {}
    for container in spec.containers:
        add(total, amounts(container))
    sidecars: Thousandths = {}
    peak: Thousandths = {}
    for container in spec.init_containers:
        needed = dict(amounts(container))
        if container.restart_policy == "Always":
            add(sidecars, needed)
            raise_to(peak, sidecars)
        else:
            add(needed, sidecars)
            raise_to(peak, needed)
    add(total, sidecars)
    raise_to(total, peak)
    return total


def container_requests(container: wire.Container) -> Thousandths:
    """What the container asks for; of a resource that has only a limit, the limit."""
    resources = container.resources
    return thousandths({**resources.limits, **resources.requests})


def whole_requests(resources: wire.Requirements, containers: Thousandths) -> Thousandths:
    """What the pod as a whole asks for; it replaces what its ``containers`` ask for together.

    Where the pod has limits as a whole, a missing request becomes the sum of the containers' requests, or the limit where no
    container asks. For huge pages it is always the limit, since a pod asks for as many as it may use. The huge pages of its
    containers are a limit of the pod, too.
    """
    requests, limits = thousandths(resources.requests), thousandths(resources.limits)
    if not requests and not limits:
        return {}
    huge = {name: amount for name, amount in containers.items() if name.startswith(HUGE_PAGES)}
    if huge or limits:
        others = {name: amount for name, amount in containers.items() if name not in huge}
        requests = {**huge, **limits, **others, **requests}
    return {name: amount for name, amount in requests.items() if is_of_pods(name)}
