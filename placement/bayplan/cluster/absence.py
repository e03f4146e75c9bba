"""The cluster as it is once some of its occupants have gone."""

from typing import Self

from bayplan.cluster.cluster import Cluster
from bayplan.model.occupant import Occupant


class Absence:
    """Occupants that are looked at as gone: their room, their GPUs, their part of quotas, and what they are to pods nearby.

    At the end of a `with` block all are there again. The version of the cluster stays, since nothing has really happened.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._gone: dict[int, tuple[int, Occupant]] = {}
        """By the identity of an occupant, its row."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for row, occupant in reversed(list(self._gone.values())):
            self._cluster.imagine(row, occupant, 1)
        self._gone.clear()

    def take(self, row: int, occupant: Occupant) -> None:
        """It is gone. Nothing happens if it is already."""
        if id(occupant) not in self._gone:
            self._gone[id(occupant)] = row, occupant
            self._cluster.imagine(row, occupant, -1)

    def put_back(self, occupant: Occupant) -> None:
        """It is there."""
        row, there = self._gone.pop(id(occupant))
        self._cluster.imagine(row, there, 1)
