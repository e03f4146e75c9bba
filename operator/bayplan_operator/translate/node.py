"""From a Node object to what the library knows of a node."""

from bayplan.model.constraints import Taint
from bayplan.model.workload import NodeInfo
from bayplan_operator.kube import wire
from bayplan_operator.translate.amounts import accepted_amount
from bayplan_operator.translate.gpus import node_gpus
from bayplan_operator.translate.node_labels import cost_per_hour, node_class

_HOST_NAME = "kubernetes.io/hostname"


def node_info(node: wire.Node) -> NodeInfo:
    """Allocatable resources in smallest units, GPUs, labels, taints, and whether it takes pods."""
    labels = node.metadata.labels
    allocatable = {name: accepted_amount(name, value) for name, value in node.status.allocatable.items()}
    return NodeInfo(
        name=node.metadata.name,
        allocatable=allocatable,
        labels=labels,
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in node.spec.taints),
        unschedulable=node.spec.unschedulable,
        ready=is_ready(node),
        gpus=node_gpus(allocatable, labels),
        node_class=node_class(labels),
        cost=cost_per_hour(labels),
    )


def _ready_condition(node: wire.Node) -> wire.WireCondition | None:
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


def aliases(node: wire.Node) -> tuple[str, ...]:
    """Every name and address that leads to it: its own, its host name, its addresses."""
    names = (node.metadata.name, node.metadata.labels.get(_HOST_NAME, ""), *(each.address for each in node.status.addresses))
    return tuple(dict.fromkeys(filter(None, names)))
