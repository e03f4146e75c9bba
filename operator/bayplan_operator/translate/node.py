"""From a Node object to what the library knows of a node."""

from bayplan.constraints import Taint
from bayplan.workload import NodeInfo
from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import accepted_amount


def node_info(node: wire.Node) -> NodeInfo:
    """Allocatable resources in smallest units, labels, taints, and whether it takes pods."""
    return NodeInfo(
        name=node.metadata.name,
        allocatable={name: accepted_amount(name, value) for name, value in node.status.allocatable.items()},
        labels=node.metadata.labels,
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in node.spec.taints),
        unschedulable=node.spec.unschedulable,
        ready=is_ready(node),
    )


def _ready_condition(node: wire.Node) -> wire.Condition | None:
    return next((condition for condition in node.status.conditions if condition.type == "Ready"), None)


def is_ready(node: wire.Node) -> bool:
    """Its Ready condition is True."""
    condition = _ready_condition(node)
    return condition is not None and condition.status == "True"


def ready_since_change(node: wire.Node) -> float:
    """When its readiness last changed, in seconds since the epoch; its creation if it never was ready."""
    condition = _ready_condition(node)
    at = condition.last_transition_time if condition is not None else None
    at = at or node.metadata.creation_timestamp
    return at.timestamp() if at is not None else 0.0
