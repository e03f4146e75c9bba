"""One node."""

import msgspec


class NodeView(msgspec.Struct, frozen=True, rename="camel"):
    """What every node has."""

    name: str
    attempts: int


class LiveNode(NodeView, frozen=True, kw_only=True, rename="camel"):
    """What a graph's pods asked of a node, as shares (0 to 1) of what it has, on average over the graph's run."""

    cpu: float | None
    memory: float | None
    gpu: float | None
    """None: the node has no GPU."""
    resource: str
    """What the timeline is about: gpu, or cpu where there is none."""
    timeline: tuple[float, ...]
    """The share in each of equally long parts of the run."""


class SimulatedNode(NodeView, frozen=True, kw_only=True, rename="camel"):
    """A node of a virtual cluster."""

    node_class: str
    cost_per_hour: float
    allocatable: dict[str, int]
    utilisation: dict[str, float]
    """Per resource that it has, the share (0 to 1) that was taken, on average over the makespan."""
