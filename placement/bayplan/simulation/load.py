"""What nodes do beside what requests say, and how it is measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from bayplan.knowledge.load.model import LoadModel
from bayplan.simulation.errors import SetupError

_MOST = 0.99
"""A node with no capacity left at all would never end a task."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A share that is given piece by piece. Raises `SetupError`."""

    at: tuple[float, ...]
    """Seconds after the begin, ascending; before the first, the share is 0."""
    share: tuple[float, ...]
    """From then on, until the next."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if len(self.at) != len(self.share):
            raise SetupError(f"hidden load has {len(self.at)} instants and {len(self.share)} shares: there must be one each")
        for before, at in zip((-math.inf, *self.at), self.at, strict=False):
            if not (math.isfinite(at) and at >= 0 and at > before):
                raise SetupError(
                    f"hidden load changes at {at:g}: it must be seconds, 0 or above, each later than the one before"
                )
        for share in self.share:
            _check(share)

    @classmethod
    def constant(cls, share: float) -> "Steps":
        """The same all the time."""
        return cls((0.0,), (share,))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A share that is drawn again for each period, evenly between two limits. Raises `SetupError`."""

    least: float
    most: float
    every: float
    """Seconds."""

    def __post_init__(self) -> None:
        """Check the figures."""
        _check(self.least)
        _check(self.most)
        if self.most < self.least:
            raise SetupError(f"hidden load is from {self.least:g} to {self.most:g}: the second must not be below the first")
        if not (math.isfinite(self.every) and self.every > 0):
            raise SetupError(f"hidden load changes every {self.every:g} seconds: it must be above 0")


def _check(share: float) -> None:
    if not 0 <= share <= _MOST:
        raise SetupError(f"hidden load is {share:g}: it must be a share from 0 to {_MOST}")


Course = Steps | Drawn


@dataclass(frozen=True, slots=True)
class Scrapes:
    """When load is measured, and what it shows. Raises `SetupError`."""

    interval: float = 15.0
    """Seconds between two scrapes; the first is at the begin, and known at once."""
    delay: float = 5.0
    """Seconds from a scrape until a decision can know of it."""
    rise: float = 1 / 30
    """Per second: what a task asks for shows as p (1 - exp(-rise t)), t seconds after its start."""
    model: LoadModel = field(default_factory=LoadModel)
    """What decisions take the load to be."""
    unmeasured: frozenset[str] = frozenset()
    """Nodes without an exporter: no scrape shows anything of them."""

    def __post_init__(self) -> None:
        """Check the figures."""
        if not (math.isfinite(self.interval) and self.interval > 0):
            raise SetupError(f"scrapes.interval is {self.interval:g}: it must be seconds above 0")
        if not (math.isfinite(self.delay) and self.delay >= 0):
            raise SetupError(f"scrapes.delay is {self.delay:g}: it must be seconds, 0 or above")
        if not (math.isfinite(self.rise) and self.rise > 0):
            raise SetupError(f"scrapes.rise is {self.rise:g}: it must be a number above 0, per second")


@dataclass(frozen=True, slots=True)
class HiddenLoad:
    """Load that no request shows.

    It slows tasks in proportion: where h of the CPU, or of a kind of device, goes to others, a task that asks for it runs
    at the speed 1 - h; of several such resources the most loaded counts. Load of memory and of anything else slows
    nothing, but is measured.
    """

    nodes: Mapping[str, Mapping[str, Course]]
    """Node to resource (`cpu`, `memory`, `nvidia.com/gpu`, or a pressure such as `disk`) to its course."""
    scrapes: Scrapes = field(default_factory=Scrapes)
