"""Placements that are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayplan.cluster.demand import Demand

if TYPE_CHECKING:
    from bayplan.cluster.cluster import Cluster


class Trial:
    """Placements that are tried and undone to the byte."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._taken: list[tuple[int, Demand, tuple[int, ...]]] = []

    def take(self, row: int, demand: Demand, devices: tuple[int, ...] = ()) -> None:
        """Place a request on a row, with these of its GPUs."""
        self._cluster.apply(row, demand, devices, 1)
        self._taken.append((row, demand, devices))

    def mark(self) -> int:
        """How things stand, to be handed to `undo`."""
        return len(self._taken)

    def undo(self, mark: int = 0) -> None:
        """Take back everything since a mark."""
        while len(self._taken) > mark:
            self._cluster.apply(*self._taken.pop(), -1)
