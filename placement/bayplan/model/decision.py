"""The answer to a request."""

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
