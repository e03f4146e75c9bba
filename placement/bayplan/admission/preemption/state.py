"""What a decider needs of pre-emption to go on where another stopped."""

from collections.abc import Hashable
from dataclasses import dataclass

from bayplan.model.decision import Hold


@dataclass(frozen=True, slots=True)
class InVain:
    """How often a unit that still waits had others evicted for nothing."""

    owner: Hashable
    """The first of its requests."""
    times: int
    again_at: float
    """When it may have others evicted again, in seconds since the epoch; infinite: never."""


@dataclass(frozen=True, slots=True)
class PreemptionState:
    """As of the last decision."""

    holds: tuple[Hold, ...] = ()
    in_vain: tuple[InVain, ...] = ()
    changed: float | None = None
    """When anything changed last but by an eviction, in seconds since the epoch; `None`: not known, which counts as now."""
