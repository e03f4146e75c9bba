"""What came to queues and left them, in the order in which it did."""

from typing import NamedTuple

from bayplan.model.occupant import Occupant

_LIMIT = 65_536


class Move(NamedTuple):
    """An occupant came to a queue (sign 1), or left it (sign -1)."""

    sign: int
    queue: int
    covering: tuple[int, ...]
    """The numbers of the quota rows that counted it there."""
    occupant: Occupant
    at: float | None = None
    """When, in seconds since the epoch; `None`: as it was noted."""


class Moves:
    """Bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._moves: list[Move] = []
        self._forgotten = 0

    @property
    def position(self) -> int:
        """Where it ends now."""
        return self._forgotten + len(self._moves)

    def note(self, move: Move) -> None:
        """One more."""
        self._moves.append(move)
        if len(self._moves) > _LIMIT:
            dropped = len(self._moves) // 2
            del self._moves[:dropped]
            self._forgotten += dropped

    def since(self, position: int) -> list[Move]:
        """Those after a position; of those that are forgotten nothing is known."""
        return self._moves[max(0, position - self._forgotten) :]
