"""Placements that are tried."""

from collections.abc import Callable
from typing import Self

from bayplan.cluster.demand import Demand


class Trial:
    """Placements that are tried and undone to the byte; at the end of a `with` block, all that are left."""

    __slots__ = ("_apply", "_taken")

    def __init__(self, apply: Callable[[int, Demand, tuple[int, ...], int], None]) -> None:
        """`apply`: adds the demand to a row's usage, with these of its GPUs (sign 1), or takes it off again (sign -1)."""
        self._apply = apply
        self._taken: list[tuple[int, Demand, tuple[int, ...]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def take(self, row: int, demand: Demand, devices: tuple[int, ...] = ()) -> None:
        """Place a request on a row, with these of its GPUs."""
        self._apply(row, demand, devices, 1)
        self._taken.append((row, demand, devices))

    def mark(self) -> int:
        """How things stand, to be handed to `undo`."""
        return len(self._taken)

    def undo(self, mark: int = 0) -> None:
        """Take back everything since a mark."""
        while len(self._taken) > mark:
            self._apply(*self._taken.pop(), -1)
