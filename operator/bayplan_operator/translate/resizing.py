"""What a pod has while it is resized in place (KEP-1287).

The spec says what is wanted, the status what the kubelet has allocated and what it has set. Until all three agree, the largest
counts; where the kubelet has said that the resize can never be, what is wanted does not count.
"""

from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import Thousandths, raise_to, thousandths

_PENDING, _INFEASIBLE = "PodResizePending", "Infeasible"


class Resizing:
    """A pod's requests, with what its status says of them."""

    def __init__(self, spec: wire.PodSpec, status: wire.PodStatus) -> None:
        self._containers = {each.name: each for each in status.container_statuses if each.resources is not None}
        if spec.init_containers:
            # An init container that ends is never resized.
            sidecars = {container.name for container in spec.init_containers if container.restart_policy == "Always"}
            seen = (each for each in status.init_container_statuses if each.name in sidecars)
            self._containers |= {each.name: each for each in seen if each.resources is not None}
        self._whole = status
        pending = next((condition for condition in status.conditions if condition.type == _PENDING), None)
        self._infeasible = pending is not None and pending.reason == _INFEASIBLE

    def of_container(self, container: wire.Container, requests: Thousandths) -> Thousandths:
        """The container's requests as they count. `requests`: as the spec says."""
        seen = self._containers.get(container.name)
        if seen is None or seen.resources is None:
            return requests
        wanted = container.resources.requests
        # As good as always all three agree; a few thousand pods a second are read.
        return requests if wanted == seen.resources.requests == seen.allocated_resources else self._largest(requests, seen)

    def of_whole(self, requests: Thousandths) -> Thousandths:
        """The same for the resources that the pod as a whole asks for."""
        if not requests or self._whole.resources is None:
            return requests
        largest = self._largest(requests, self._whole)
        return {name: largest.get(name, 0) for name in requests}

    def _largest(self, requests: Thousandths, seen: wire.ContainerStatus | wire.PodStatus) -> Thousandths:
        largest = {} if self._infeasible else dict(requests)
        if seen.resources is not None:
            raise_to(largest, thousandths(seen.resources.requests))
        raise_to(largest, thousandths(seen.allocated_resources))
        return largest
