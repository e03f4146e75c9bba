"""For which classes there may be room on what has been freed."""

from collections.abc import Iterable

from bayplan.cluster.cluster import Cluster
from bayplan.cluster.demand import Demand
from bayplan.model.workload import RequestClass


class FreedRows:
    """Rows of which something became free since a class was found to fit nowhere."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rows: set[int] = set()
        self._demands: dict[RequestClass, Demand] = {}
        self._free: list[list[int]] = []
        """What is free on the rows, as of a position of the cluster's log of changes."""
        self._position = -1

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._rows)

    def add(self, rows: Iterable[int]) -> None:
        """Something became free on these."""
        self._rows.update(rows)
        self._position = -1

    def clear(self) -> None:
        """All classes were asked about."""
        self._rows.clear()
        self._position = -1

    def forget_classes(self) -> None:
        """The nodes have changed, and with them what a class asks of their columns."""
        self._demands.clear()

    def may_fit(self, asked: RequestClass) -> bool:
        """Whether some row has room for a class, as far as sums tell. O(rows x resources)."""
        if not self._rows:
            return False
        demand = self._demands.get(asked)
        if demand is None:
            demand = self._demands[asked] = self._cluster.demand(asked)
        if demand.impossible:
            return False
        for left in self._free_now():
            for column, amount in demand.pairs:
                if left[column] < amount:
                    break
            else:
                return True
        return False

    def _free_now(self) -> list[list[int]]:
        position = self._cluster.changes.position
        if position != self._position:
            self._position = position
            allocatable, used = self._cluster.allocatable, self._cluster.used
            self._free = [(allocatable[row] - used[row]).tolist() for row in self._rows]
        return self._free
