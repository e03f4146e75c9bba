"""How the queues of a simulation did."""

import msgspec


class QueueOutcome(msgspec.Struct, frozen=True, rename="camel"):
    """One queue. Waits are from a job's submission until its first pod starts."""

    name: str
    weight: float
    jobs: int
    waiting: float
    """Mean seconds; also the median, the 99th percentile and the longest."""
    waiting_p50: float
    waiting_p99: float
    waiting_longest: float
    slowdown: float | None
    """Mean bounded slowdown of the jobs that have ended; none: none has."""
    share: float
    """Of the nodes (0 to 1), on average until the last attempt has ended: of the resource of which it held most."""
    delayed: float
    """Seconds that its jobs waited, all together, while it held no more than its due and the queue of which that is most held
    more than its own."""


class QueueDelay(msgspec.Struct, frozen=True, rename="camel"):
    """Jobs of one queue waited, while it held no more than its due, and another more than its own."""

    queue: str
    by: str
    seconds: float
    """Of all its jobs together."""


class QueueOutcomes(msgspec.Struct, frozen=True, rename="camel"):
    """All queues that have had a job."""

    jain: float
    """Jain's index of the shares over the weights: 1, all have equal parts; 1 / queues, one has all."""
    queues: tuple[QueueOutcome, ...]
    """By name."""
    delays: tuple[QueueDelay, ...]
    """The longest first."""
