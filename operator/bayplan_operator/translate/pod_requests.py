"""What a pod asks of a node, summed up as kube-scheduler does."""

from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import accepted_amount


def _asked(requirements: wire.Requirements) -> dict[str, int]:
    """Requests, with the limit where only that is given."""
    merged = {**requirements.limits, **requirements.requests}
    return {name: accepted_amount(name, str(value)) for name, value in merged.items()}


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def _raise_to(total: dict[str, int], least: dict[str, int]) -> None:
    for name, value in least.items():
        total[name] = max(total.get(name, 0), value)


def pod_requests(spec: wire.PodSpec) -> dict[str, int]:
    """The pod's effective request in smallest units, with ``pods: 1``.

    Containers add up, together with sidecars (init containers that restart always); an init container needs its own
    request beside the sidecars started before it; pod-level resources replace the sum; the overhead comes on top
    (Kubernetes documentation, "Resource sharing within containers" and KEP-753).
    """
    total: dict[str, int] = {}
    for container in spec.containers:
        _add(total, _asked(container.resources))
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.init_containers:
        asked = _asked(container.resources)
        if container.restart_policy == "Always":
            _add(sidecars, asked)
            _raise_to(peak, sidecars)
        else:
            _add(asked, sidecars)
            _raise_to(peak, asked)
    _add(total, sidecars)
    _raise_to(total, peak)
    total.update(_asked(spec.resources))
    _add(total, {name: accepted_amount(name, str(value)) for name, value in spec.overhead.items()})
    total["pods"] = 1
    return total
