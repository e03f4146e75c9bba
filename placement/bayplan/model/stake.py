"""What evicting an occupant would cost, as far as it is known."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stake:
    """Of an occupant that may be evicted. Instants are seconds since the epoch. What is not known is `None`, never guessed."""

    unit: Hashable
    """What is evicted with it has the same: a gang is evicted whole."""
    spare: bool = False
    """It can go alone, and the others of its unit run on: a backup, or a member above an elastic minimum."""
    started: float | None = None
    """Since when its unit counts as running: its first start, or its last eviction. A failure of its own starts no new time."""
    evictions: int = 0
    """How often its unit was evicted before."""
    checkpoint_every: float | None = None
    """Its author promises a checkpoint every so many seconds of its run."""
    checkpointed: float | None = None
    """When it says that it made its last one: believed from its start on, and up to now."""
    restart: float = 0.0
    """Seconds that starting it again costs, as far as was learned."""
    grace: float = 30.0
    """Seconds that its pod asks for, to end by itself."""
    slack: float | None = None
    """Seconds by which its graph may end later and still meet its deadline; `None`: it has no deadline."""
