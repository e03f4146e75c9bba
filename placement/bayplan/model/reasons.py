"""Why a shard waits, and why a node cannot have it."""

from enum import Enum


class Reason(Enum):
    """Why a shard waits, most structural first."""

    INVALID = "Invalid"
    POLICY_NOT_FOUND = "PolicyNotFound"
    SUSPENDED = "Suspended"
    DEPENDENCY_PENDING = "DependencyPending"
    BACKING_OFF = "BackingOff"
    RESOURCE_QUOTA_EXCEEDED = "ResourceQuotaExceeded"
    """The ResourceQuota of its namespace refuses its pod."""
    QUEUE_NOT_FOUND = "QueueNotFound"
    """There is no queue of the name that its graph gives."""
    QUEUE_NOT_ALLOWED = "QueueNotAllowed"
    """The queue is not for its namespace."""
    QUEUE_STOPPED = "QueueStopped"
    """Its queue lets nothing start, by its stopPolicy, by a fault, or since it is being deleted."""
    QUOTA_EXCEEDED = "QuotaExceeded"
    """Its queue may hold no more of what it asks."""
    NO_SUCH_NODE = "NoSuchNode"
    """No node could ever hold it."""
    NO_CAPACITY = "NoCapacity"
    """Some node could, later."""
    GANG_INCOMPLETE = "GangIncomplete"
    RESERVED = "Reserved"
    PREEMPTING = "Preempting"
    """What is evicted for it has not left yet."""
    SCHEDULING_GATED = "SchedulingGated"
    """Its pod exists, and a scheduling gate that another program put on it holds it back."""
    BINDING = "Binding"


class Rejection(Enum):
    """Why one node cannot have one request, in the order in which it is told: the first that holds."""

    OUTSIDE_POLICY = "OutsidePolicy"
    NODE_SELECTOR = "NodeSelector"
    NODE_AFFINITY = "NodeAffinity"
    TAINT = "Taint"
    GPU_MODEL = "GpuModel"
    """Its GPUs are of another model, or have too little memory."""
    TOO_SMALL = "TooSmall"
    """Even empty the node could not hold it."""
    NOT_READY = "NotReady"
    UNSCHEDULABLE = "Unschedulable"
    """Cordoned."""
    CONDITION_TAINT = "ConditionTaint"
    """A taint that Kubernetes itself puts on for as long as a condition lasts, such as disk pressure."""
    REJECTED_BY_SCHEDULER = "RejectedByScheduler"
    HOT = "Hot"
    """It is busier than the policy's thresholds allow."""
    HOST_PORT = "HostPort"
    """A pod there has a port of the node that it asks for."""
    SPREAD = "TopologySpread"
    """With it there, pods would be spread less evenly than its constraint allows."""
    POD_AFFINITY = "PodAffinity"
    """A pod that it must be near is not."""
    POD_ANTI_AFFINITY = "PodAntiAffinity"
    """A pod is near that must not be."""
    QUOTA = "Quota"
    """Its queue may hold no more of what it asks on such nodes."""
    INSUFFICIENT = "Insufficient"
    """Too little is free."""

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
        Rejection.GPU_MODEL,
        Rejection.TOO_SMALL,
    }
)
