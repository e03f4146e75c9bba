"""A reservation: places, quota and an instant."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

CHANCE = 0.1
"""So likely may those that were let in before a promise, all together, end later than it says."""
QUANTILE = 0.9
"""So surely the places are free by the promised instant, as far as what is known of run times is right."""


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """What became of a promise whose owner has started."""

    owner: Hashable
    """The first of its requests."""
    made: float
    first: float
    """The instant that was promised first, in seconds since the epoch."""
    started: float
    renewals: int
    """How often another promise had to be made."""


@dataclass(slots=True)
class Promise:
    """Of one unit. Its instant moves only earlier; once it has passed, nothing more is let onto its places."""

    owners: tuple[Hashable, ...]
    """Ids of its requests."""
    queue: int
    rows: Mapping[int, int]
    """By row of the cluster, how many of its requests go there; empty: only a quota keeps it out."""
    asks: Mapping[int, tuple[tuple[int, int], ...]]
    """By row of the cluster, what all of them together take there: column and amount."""
    quotas: Mapping[int, int]
    """By number of a quota row of which too little is left, what it asks of it."""
    at: float
    """Seconds since the epoch; infinite: it is not known when what is there ends."""
    made: float
    blockers: set[Hashable]
    """Keys of the occupants that have to leave. Those that were let in since are not among them: their chance stands below."""
    chance: float = 0.0
    """Of those that were let in: the sum of their probabilities of ending later."""
    renewals: int = 0
    allowance: float = 0.0
    """Seconds that blockers may overrun before another promise is made."""
    first: float = field(init=False)
    """The instant that was promised first."""

    def __post_init__(self) -> None:
        """Keep the first instant."""
        self.first = self.at

    def lets_in(self, now: float, later: float) -> bool:
        """Whether something may use its places for a while that ends too late with such a probability."""
        return now < self.at and self.chance + later <= CHANCE
