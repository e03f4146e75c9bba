"""The answers to requests."""

from collections.abc import Hashable
from dataclasses import dataclass

from bayplan.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """A node, with why there; or the reason why there is none, in words."""

    request_id: Hashable
    node: str | None
    reason: Reason | None
    """`None` if there is a node."""
    message: str
    """One line of fewer than 256 characters."""
    gpus: tuple[int, ...] = ()
    """Which of the node's GPUs, by index from 0; none if none is asked for. Advice, unless something enforces it."""
    others: tuple[str, ...] = ()
    """Other nodes that would do, the better first: for a pod that only the cluster's own scheduler can judge, once it has
    refused such a pod. It is then asked about all of them at once."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Room that is kept for a unit, a request or a gang, until what is evicted for it has left."""

    request_ids: tuple[Hashable, ...]
    """Those that get a place, its first at the front."""
    nodes: tuple[str, ...]
    """Per request."""
    gpus: tuple[tuple[int, ...], ...]
    """Per request, which of the node's GPUs."""
    victims: tuple[Hashable, ...]
    """Keys in the cluster of all that has to leave."""
    until: float
    """Seconds since the epoch: later the room is kept no more."""
    message: str
    """One line of fewer than 256 characters."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """An occupant that has to leave its node for a request."""

    occupant: Hashable
    """Its key in the cluster."""
    request_id: Hashable
    """The first of the unit that the room is kept for."""
    grace: float
    """Seconds that it has to end by itself."""
    message: str
    """One line of fewer than 256 characters."""


@dataclass(frozen=True, slots=True)
class EvictedInVain:
    """A hold that is over, and its unit got no place."""

    hold: Hold
    taker: Hashable | None
    """Key in the cluster of the occupant that has taken the room; `None`: a node of it is gone, or a victim did not leave."""
    message: str
    """What happened, in one line of fewer than 256 characters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided at one instant. A request that was not asked about is in no part: what was said of it holds."""

    placements: tuple[Decision, ...] = ()
    """Each with a node, in the order in which they were decided: those before leave room for those after."""
    holds: tuple[Hold, ...] = ()
    """Those that begin now. Record each before you act on its evictions."""
    evictions: tuple[Eviction, ...] = ()
    in_vain: tuple[EvictedInVain, ...] = ()
    """Of holds that are over."""
    waiting: tuple[Decision, ...] = ()
    """Each with the reason why there is no node."""
    unfinished: bool = False
    """Others are asked about once what is placed here is among what runs: decide again then."""
