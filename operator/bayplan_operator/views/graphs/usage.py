"""How much of each node a graph's pods had, over the time of its run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bayplan.model.workload import NodeInfo
from bayplan_operator.views.model.attempt import AttemptView
from bayplan_operator.views.model.node import LiveNode

PARTS = 30
"""Length of a timeline."""

Resources = Mapping[str, int]


def usage(
    attempts: Iterable[AttemptView], requests: Mapping[str, Resources], nodes: Mapping[str, NodeInfo], span: float
) -> tuple[LiveNode, ...]:
    """The nodes that were used, by name, over the first `span` seconds. `requests`: per task, what one of its pods asks.

    A node that is gone has no shares, since nothing says what it had.
    """
    by_node: dict[str, list[AttemptView]] = defaultdict(list)
    for attempt in attempts:
        if attempt.start is not None and attempt.node:
            by_node[attempt.node].append(attempt)
    return tuple(_use(name, by_node[name], requests, nodes.get(name), span) for name in sorted(by_node))


def is_gpu(resource: str) -> bool:
    """Whether an extended resource counts GPUs or parts of them, as in nvidia.com/gpu and nvidia.com/mig-1g.5gb."""
    _, slash, kind = resource.partition("/")
    return bool(slash) and (kind == "gpu" or kind.startswith(("gpu-", "gpu.", "mig-")))


def _use(
    name: str, attempts: Sequence[AttemptView], requests: Mapping[str, Resources], node: NodeInfo | None, span: float
) -> LiveNode:
    allocatable = node.allocatable if node is not None else {}

    def shares(resources: Sequence[str], parts: int) -> tuple[float, ...] | None:
        size = sum(allocatable.get(resource, 0) for resource in resources)
        if not size:
            return None
        used = [0.0] * parts
        for attempt in attempts:
            asked = sum(requests[attempt.task].get(resource, 0) for resource in resources)
            for part, seconds in enumerate(_overlaps(attempt, span, parts)):
                used[part] += asked * seconds
        return tuple(round(each / (size * span / parts), 4) for each in used)

    def average(resources: Sequence[str]) -> float | None:
        share = shares(resources, 1)
        return None if share is None else share[0]

    gpus = [resource for resource in allocatable if is_gpu(resource)]
    resource = "gpu" if gpus and average(gpus) else "cpu"
    return LiveNode(
        name=name,
        attempts=len(attempts),
        cpu=average(["cpu"]),
        memory=average(["memory"]),
        gpu=average(gpus),
        resource=resource,
        timeline=shares(gpus if resource == "gpu" else ["cpu"], PARTS) or (),
    )


def _overlaps(attempt: AttemptView, span: float, parts: int) -> Iterable[float]:
    """Seconds that the attempt ran in each part of the span."""
    start = attempt.start or 0.0
    end = span if attempt.end is None else attempt.end
    length = span / parts
    for part in range(parts):
        yield max(0.0, min(end, (part + 1) * length) - max(start, part * length))
