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
    evicted: int | msgspec.UnsetType = msgspec.UNSET
    """Its attempts that were evicted. Missing, with the two below: no queue may evict anything."""
    evicts: int | msgspec.UnsetType = msgspec.UNSET
    """Attempts that were evicted for its jobs, its own among them."""
    work_lost: float | msgspec.UnsetType = msgspec.UNSET
    """Seconds that its evicted attempts had run, all together, but for what their checkpoints had saved."""


class QueueDelay(msgspec.Struct, frozen=True, rename="camel"):
    """Jobs of one queue waited, while it held no more than its due, and another more than its own."""

    queue: str
    by: str
    seconds: float
    """Of all its jobs together."""


class QueueEvictions(msgspec.Struct, frozen=True, rename="camel"):
    """Attempts of one queue were evicted for jobs of a queue, be it another or itself."""

    queue: str
    by: str
    attempts: int


class QueueOutcomes(msgspec.Struct, frozen=True, rename="camel"):
    """All queues that have had a job."""

    jain: float
    """Jain's index of the shares over the weights: 1, all have equal parts; 1 / queues, one has all."""
    queues: tuple[QueueOutcome, ...]
    """By name."""
    delays: tuple[QueueDelay, ...]
    """The longest first."""
    evictions: tuple[QueueEvictions, ...] | msgspec.UnsetType = msgspec.UNSET
    """The most first. Missing: no queue may evict anything."""

    @property
    def preempts(self) -> bool:
        """A queue may evict something."""
        return self.evictions is not msgspec.UNSET
