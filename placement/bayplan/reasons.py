"""Why a shard waits, and why a node cannot have it."""

from enum import Enum


class Reason(Enum):
    """Why a shard waits, most structural first."""

    INVALID = "Invalid"
    POLICY_NOT_FOUND = "PolicyNotFound"
    SUSPENDED = "Suspended"
    DEPENDENCY_PENDING = "DependencyPending"
    BACKING_OFF = "BackingOff"
    QUOTA_EXCEEDED = "QuotaExceeded"
    NO_SUCH_NODE = "NoSuchNode"
    """No node could ever hold it."""
    NO_CAPACITY = "NoCapacity"
    """Some node could, later."""
    GANG_INCOMPLETE = "GangIncomplete"
    RESERVED = "Reserved"
    BINDING = "Binding"


class Rejection(Enum):
    """Why one node cannot have one request; the value says it to people, after a number of nodes."""

    OUTSIDE_POLICY = "outside the policy's nodeSelector"
    NODE_SELECTOR = "do not match its nodeSelector"
    NODE_AFFINITY = "do not match its node affinity"
    TAINT = "have a taint it does not tolerate"
    TOO_SMALL = "are too small"
    NOT_READY = "not ready"
    UNSCHEDULABLE = "cordoned"
    REJECTED_BY_SCHEDULER = "refused by kube-scheduler a moment ago"
    INSUFFICIENT = "have too little free"

    @property
    def permanent(self) -> bool:
        """Nothing that ends or starts on the node will change it; only the node or the request can."""
        return self in _PERMANENT


_PERMANENT = frozenset(
    {
        Rejection.OUTSIDE_POLICY,
        Rejection.NODE_SELECTOR,
        Rejection.NODE_AFFINITY,
        Rejection.TAINT,
        Rejection.TOO_SMALL,
    }
)
