"""What a queue says of pre-emption: whom its requests may evict, and how far what runs in it is safe."""

import math
from dataclasses import dataclass
from enum import Enum

LONGEST_PROTECTION = 86_400.0
"""Seconds up to which each eviction doubles the minimum run time of what was evicted."""


class WithinQueue(Enum):
    """What a request may evict of its own queue."""

    NEVER = "Never"
    LOWER_PRIORITY = "LowerPriority"
    """Work of strictly lower priority, without age."""


class Reclaim(Enum):
    """What a request may evict of other queues that hold more than their nominal quota."""

    NEVER = "Never"
    LOWER_PRIORITY = "LowerPriority"
    """Work of strictly lower priority, without age."""
    ANY = "Any"


@dataclass(frozen=True, slots=True)
class Preemption:
    """Of one queue. Raises `ValueError`."""

    within_queue: WithinQueue = WithinQueue.NEVER
    reclaim: Reclaim = Reclaim.NEVER
    minimum_run_time: float = 0.0
    """Seconds that what runs in the queue is safe for, see `protected_until`."""
    max_grace: float | None = None
    """Seconds that a victim of the queue gets to end, at most; `None`: what its pod asks for."""
    most_lost: float = 3_600.0
    """Seconds of work since the last checkpoint that count as lost, at most: never to checkpoint buys no protection."""

    def __post_init__(self) -> None:
        """Check the figures."""
        for name, value in (("minimumRunTime", self.minimum_run_time), ("mostLost", self.most_lost)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"preemption: {name} is {value}: it must be seconds, 0 or above")
        if self.max_grace is not None and not (math.isfinite(self.max_grace) and self.max_grace >= 0):
            raise ValueError(f"preemption: maxGrace is {self.max_grace}: it must be seconds, 0 or above")

    @property
    def evicts(self) -> bool:
        """Whether a request of the queue may evict anything."""
        return self.within_queue is not WithinQueue.NEVER or self.reclaim is not Reclaim.NEVER
