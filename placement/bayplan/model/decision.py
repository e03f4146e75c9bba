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
    """Nodes on which room is kept for a request."""

    request_id: Hashable
    nodes: tuple[str, ...]
    until: float
    """Seconds since the epoch."""
    message: str
    """One line of fewer than 256 characters."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """An occupant that has to leave its node for a request."""

    occupant: Hashable
    """Its key in the cluster."""
    request_id: Hashable
    message: str
    """One line of fewer than 256 characters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided at one instant. A request that was not asked about is in no part: what was said of it holds."""

    placements: tuple[Decision, ...] = ()
    """Each with a node, in the order in which they were decided: those before leave room for those after."""
    holds: tuple[Hold, ...] = ()
    evictions: tuple[Eviction, ...] = ()
    waiting: tuple[Decision, ...] = ()
    """Each with the reason why there is no node."""
    unfinished: bool = False
    """Others are asked about once what is placed here is among what runs: decide again then."""
