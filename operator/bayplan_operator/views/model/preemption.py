"""Who would be evicted so that graphs can start, and why these."""

import msgspec


class EvictedPod(msgspec.Struct, frozen=True, rename="camel"):
    """One pod that would have to go."""

    namespace: str
    pod: str
    graph: str
    task: str
    shard: int
    node: str
    queue: str
    grace: float
    """Seconds that it would have to end."""


class EvictedUnit(msgspec.Struct, frozen=True, rename="camel"):
    """What is evicted as one: a pod, or a gang. In the order in which they would be chosen."""

    pods: tuple[EvictedPod, ...]
    priority: int
    why: str
    """Why it may be evicted."""
    evictions: int
    """How often it was evicted before."""
    work: float | None
    """Seconds of work since its last checkpoint; none: not known."""
    restart: float
    """Seconds that starting it again costs."""
    loss: float
    """What evicting it loses: seconds times its part of the cluster."""


class Weighed(msgspec.Struct, frozen=True, rename="camel"):
    """What waiting would cost instead."""

    evicting: float
    """What the evictions lose: seconds times part of the cluster."""
    ends: float | None
    """Seconds until what would be evicted is expected to have ended by itself; none: not known."""
    waiting: float | None
    """What waiting so long costs: seconds times the part of the cluster that is asked for; none: not known."""


class PlannedStart(msgspec.Struct, frozen=True, rename="camel"):
    """Shards that get their places together."""

    graph: str
    task: str
    shards: tuple[int, ...]
    verdict: str
    """Starts: there is room. Evicts: others would have to go. Waits: it would, and nothing is evicted for it."""
    nodes: tuple[str, ...]
    evicts: tuple[EvictedUnit, ...]
    weighed: Weighed | None
    """Of what evicts, or for which waiting is cheaper."""
    why: str
    """Of what waits: why, and why nothing is evicted for it."""


class PreemptionPlan(msgspec.Struct, frozen=True, rename="camel"):
    """As things stand now. What waits for other tasks of its graph is not part of it."""

    starts: tuple[PlannedStart, ...]
    left_out: tuple[str, ...]
    """What could not be looked at, one sentence each."""
