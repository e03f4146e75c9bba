"""A reservation: places, quota and an instant."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.model.gpu import GpuAsk
from bayplan.model.run_law import RunLaw

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


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """What of a promise has to outlive the decider that made it. Its places follow from what runs; its instant holds."""

    at: float
    """Seconds since the epoch; infinite: not known."""
    made: float
    first: float
    chance: float = 0.0
    renewals: int = 0
    allowance: float = 0.0


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
    """By number of a quota row that counts it, what it asks of it."""
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
    runs: Sequence[tuple[RunLaw | None, int]] = ()
    """How long its requests run, and how many run so; `None`: that is not known."""
    after: Sequence["Promise"] = ()
    """Promises ahead whose owners have to start and end before. They were made before it."""
    first: float = field(init=False)
    """The instant that was promised first."""

    @property
    def gpus(self) -> Sequence[tuple[int, GpuAsk, tuple[int, ...]]]:
        """Which GPUs it will have is not known."""
        return ()

    @property
    def quota_blockers(self) -> Collection[Hashable]:
        """All of them."""
        return self.blockers

    def __post_init__(self) -> None:
        """Keep the first instant."""
        self.first = self.at

    @property
    def record(self) -> PromiseRecord:
        """As it stands."""
        return PromiseRecord(self.at, self.made, self.first, self.chance, self.renewals, self.allowance)

    def recall(self, before: PromiseRecord) -> None:
        """It goes on from what was promised before: the instant is no later for that."""
        self.at, self.made, self.first = min(self.at, before.at), before.made, before.first
        self.chance, self.renewals, self.allowance = before.chance, before.renewals, before.allowance

    def lets_in(self, now: float, later: float) -> bool:
        """Whether something may use its places for a while that ends too late with such a probability."""
        return now < self.at and self.chance + later <= CHANCE
