"""What a user says about a run while it goes on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.lifecycle.candidates import Alternatives
from bayplan.lifecycle.flow import Flow


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed unit is tried again, and how long it waits before. Delays in seconds."""

    limit: int = 3
    initial: float = 1.0
    factor: float = 2.0
    cap: float = 60.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after the ``failures``-th failure (from 1): exponential back-off with a cap."""
        exponent = min(failures - 1, 64)  # beyond that the cap has long been reached, and a float would overflow
        return float(min(self.cap, self.initial * self.factor**exponent))


@dataclass(frozen=True, slots=True)
class Controls:
    """Settings that may change between two steps of a run."""

    retries: Sequence[Retry]
    """One per task."""
    suspended: bool = False
    resumed: float = -math.inf
    """When it was last resumed, in seconds since the epoch. No time-out counts from before: what was stopped begins again."""
    setback: Retry = Retry(limit=0, initial=1.0, factor=2.0, cap=60.0)
    """The wait after attempts that ended through no fault of the task; the first of them costs no wait."""
    stuck_after: float = 60.0
    """Seconds after which containers that cannot start count as a failure."""
    flow: Flow | None = field(default=None, compare=False)
    """How tasks follow each other; ``None``: each starts once all before it have succeeded. It never changes."""
    time_outs: Mapping[int, float] = field(default_factory=dict)
    """Per task, seconds from its first start, or from ``resumed``, after which the graph goes on without the units that have
    not ended, once so many have succeeded as it needs."""
    late: Mapping[int, float] = field(default_factory=dict)
    """Per task whose backups go by what was learned, seconds within which 95 % of its runs end."""
    alternatives: Mapping[int, Alternatives] = field(default_factory=dict)
    """Of tasks that several candidates could do."""
