"""What units read of each other's results, and how long that takes."""

from collections.abc import Sequence

import numpy as np

from bayplan.foresight.graph_plans import reading
from bayplan.model.arrays import IntArray
from bayplan.simulation.submission import Submission


class Transfers:
    """Where results lie. They stay readable there, whatever becomes of the node.

    A unit reads when it begins to run, from all other nodes at the same time, over a link of its own for each unit
    that it reads of: the longest of these transfers is added to its run time.
    """

    def __init__(self, submissions: Sequence[Submission], bandwidth: float) -> None:
        self._submissions, self._bandwidth = submissions, bandwidth
        moved = [each.data is not None and bool(each.data.any()) and bandwidth < np.inf for each in submissions]
        self.any = any(moved)
        self._place: list[IntArray | None] = [
            np.full(each.graph.units, -1) if moves else None for each, moves in zip(submissions, moved, strict=True)
        ]

    def lies(self, submission: int, unit: int, node: int) -> None:
        """A unit has succeeded on a node."""
        place = self._place[submission]
        if place is not None:
            place[unit] = node

    def begin_again(self, submission: int, units: IntArray) -> None:
        """What these units have left so far is read no more."""
        place = self._place[submission]
        if place is not None:
            place[units] = -1

    def seconds(self, submission: int, unit: int, node: int) -> float:
        """That a unit reads when it begins on a node. O(parents' units)."""
        place, data = self._place[submission], self._submissions[submission].data
        if place is None or data is None:
            return 0.0
        graph = self._submissions[submission].graph
        found = reading.sources(graph, data, place, int(graph.unit_task[unit]), self._bandwidth)
        return float(reading.seconds(*found, np.array([node]))[0])
