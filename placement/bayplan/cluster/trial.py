"""Placements that are tried."""

from collections.abc import Callable
from typing import Self

from bayplan.cluster.demand import Demand
from bayplan.model.workload import Request

Taken = tuple[int, Demand, tuple[int, ...], Request | None]
"""A row, what is taken of it, which of its GPUs, and the request that takes it; none: only its room counts."""


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

    def take(self, row: int, demand: Demand, devices: tuple[int, ...] = (), request: Request | None = None) -> None:
        """Take a demand of a row, with these of its GPUs. `request`: whose it is, for pods nearby and for its queue."""
        taken = row, demand, devices, request
        self._apply(taken, 1)
        self._taken.append(taken)

    def mark(self) -> int:
        """How things stand, to be handed to `undo`."""
        return len(self._taken)

    def undo(self, mark: int = 0) -> None:
        """Take back everything since a mark."""
        while len(self._taken) > mark:
            self._apply(self._taken.pop(), -1)
