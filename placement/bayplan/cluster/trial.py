"""Placements that are tried."""

from collections.abc import Callable
from typing import Self

from bayplan.cluster.demand import Demand
from bayplan.model.neighbour import Neighbour

Taken = tuple[int, Demand, tuple[int, ...], Neighbour | None]
"""A row, what is taken of it, which of its GPUs, and what others see of the pod."""


class Trial:
    """Placements that are tried and undone to the byte; at the end of a `with` block, all that are left."""

    __slots__ = ("_apply", "_taken")

    def __init__(self, apply: Callable[[Taken, int], None]) -> None:
        """`apply`: adds what is taken to a row's usage (sign 1), or takes it off again (sign -1)."""
        self._apply = apply
        self._taken: list[Taken] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def take(self, row: int, demand: Demand, devices: tuple[int, ...] = (), pod: Neighbour | None = None) -> None:
        """Place a request on a row, with these of its GPUs. `pod`: what others see of it."""
        taken = row, demand, devices, pod
        self._apply(taken, 1)
        self._taken.append(taken)

    def mark(self) -> int:
        """How things stand, to be handed to `undo`."""
        return len(self._taken)

    def undo(self, mark: int = 0) -> None:
        """Take back everything since a mark."""
        while len(self._taken) > mark:
            self._apply(self._taken.pop(), -1)
