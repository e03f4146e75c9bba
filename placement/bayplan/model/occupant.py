"""What occupies a node, and whose it is."""

from collections.abc import Hashable
from dataclasses import dataclass

from bayplan.model.gpu import GpuUse
from bayplan.model.neighbour import Neighbour
from bayplan.model.resources import Resources
from bayplan.model.run_law import RunLaw
from bayplan.model.stake import Stake


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose an occupant is, and what is known of its time. What is not known is `None`, never guessed."""

    graph: Hashable | None = None
    """The graph that it belongs to; `None`: it is a foreign pod."""
    unit: int | None = None
    """The number of the unit in its graph."""
    namespace: str | None = None
    queue: str | None = None
    priority: int | None = None
    since: float | None = None
    """When it took its place, in seconds since the epoch."""
    expected_end: float | None = None
    """When it is expected to leave, in seconds since the epoch."""
    run: RunLaw | None = None
    """How long it runs from `since` on, as a distribution."""
    stake: Stake | None = None
    """What evicting it would cost; `None`: it must not be evicted, as a foreign pod."""
    neighbour: Neighbour | None = None
    """What other pods see of it."""
    bound: bool = True
    """Its node has it; otherwise it is only meant for this node."""
    leaving: bool = False
    """It is being deleted."""


@dataclass(frozen=True, slots=True)
class Occupant:
    """What a pod uses of its node."""

    resources: Resources
    gpus: GpuUse | None = None
    tenant: Tenant | None = None
    """`None`: nothing is known of whose it is."""
    devices: tuple[int, ...] = ()
    """The GPUs that it is charged to, by index from 0."""
