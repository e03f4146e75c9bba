"""A queue: what the work in it may hold, beside its siblings in a tree."""

import math
from dataclasses import dataclass, field
from enum import Enum

from bayplan.admission.preemption.rules import Preemption
from bayplan.cluster.quotas.limits import QuotaKey


class StopPolicy(Enum):
    """What a queue, and every queue below it, lets start."""

    NONE = "None"
    HOLD = "Hold"
    """Nothing new starts; what runs goes on."""
    HOLD_AND_DRAIN = "HoldAndDrain"
    """Nothing new starts, and what runs is evicted."""


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """So much of a resource, on nodes with certain labels, is guaranteed to a queue. Raises `ValueError`."""

    key: QuotaKey
    nominal: int
    """In the resource's smallest unit, 0 or above."""
    borrowing_limit: int | None = None
    """Beyond nominal, so much may be held of what others do not use. 0: nothing; `None`: no limit."""
    lending_limit: int | None = None
    """So much of nominal may others hold while the queue does not use it. 0: nothing; `None`: no limit."""

    def __post_init__(self) -> None:
        """Check the figures."""
        for name, amount in (
            ("nominal", self.nominal),
            ("borrowingLimit", self.borrowing_limit),
            ("lendingLimit", self.lending_limit),
        ):
            if amount is not None and amount < 0:
                raise ValueError(f"quota of {self.key}: {name} is {amount}: it must be 0 or above")


@dataclass(frozen=True, slots=True)
class Ageing:
    """Points that a request gains while it could start and does not. Raises `ValueError`."""

    per_hour: float
    """Points of priority per hour, 0 or above."""
    ceiling: float
    """The most that age may add, 0 or above."""

    def __post_init__(self) -> None:
        """Check the figures."""
        for name, value in (("perHour", self.per_hour), ("ceiling", self.ceiling)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"ageing: {name} is {value}: it must be a number of points, 0 or above")

    def points(self, seconds: float) -> float:
        """What a request has gained after so many seconds."""
        return min(self.ceiling, self.per_hour * max(seconds, 0.0) / 3600)


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue. Raises `ValueError`."""

    name: str
    parent: str | None = None
    """`None`: it has no parent, and borrows nothing."""
    quotas: tuple[QuotaRow, ...] = ()
    """At most one per key."""
    weight: float = 1.0
    """Its part, beside its siblings', of what no queue is guaranteed; above 0."""
    stop: StopPolicy = StopPolicy.NONE
    half_life: float | None = None
    """The shares of its children are compared, and what they held counts half as much after so many seconds; `None`: shares are
    not compared among them."""
    reserve: int = 0
    """So many of its units that wait, first in line, may hold a reservation."""
    ageing: Ageing | None = None
    """`None`: no request gains by waiting."""
    preemption: Preemption = field(default_factory=Preemption)
    """Whom its requests may evict, and how far what runs in it is safe."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"queue {self.name}: weight is {self.weight}: it must be a number above 0")
        if self.reserve < 0:
            raise ValueError(f"queue {self.name}: reserve is {self.reserve}: it must be 0 or above")
        if self.half_life is not None and not (math.isfinite(self.half_life) and self.half_life > 0):
            raise ValueError(f"queue {self.name}: halfLife is {self.half_life}: it must be seconds above 0")
        seen: set[QuotaKey] = set()
        for each in self.quotas:
            if each.key in seen:
                raise ValueError(f"queue {self.name}: there are two quotas of {each.key}: there must be one")
            seen.add(each.key)
