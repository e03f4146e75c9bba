"""A graph that has ended, as far as it says how well it was placed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.model.arrays import BoolArray, FloatArray, IntArray
from bayplan.model.graph import Graph
from bayplan.model.workload import RequestClass

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """What is known of it at its end. Raises `ValueError` for shapes that do not go together."""

    graph: Graph
    classes: Sequence[RequestClass]
    """Per task, what each of its units asks."""
    response: float
    """Seconds from its submission to its end."""
    succeeded: bool
    hints: FloatArray
    """Shape (tasks,): seconds that are expected of one unit, by its author or by what was learned; 0: nothing is."""
    took: FloatArray
    """Shape (units,): seconds that the last attempt ran; NaN: it never ran."""
    nodes: Sequence[str]
    """Per unit, where that was; empty: nowhere."""
    deadline: float | None = None
    """Seconds after its submission."""
    rounds: IntArray | None = None
    """Shape (tasks,): how often each ran, where part of the graph repeats; none: once each."""

    def __post_init__(self) -> None:
        """Check the shapes."""
        tasks, units = len(self.graph.tasks), self.graph.units
        for name, found, expected in (
            ("classes", len(self.classes), tasks),
            ("hints", len(self.hints), tasks),
            ("took", len(self.took), units),
            ("nodes", len(self.nodes), units),
        ):
            if found != expected:
                raise ValueError(f"{name} has {found} entries: it must have {expected}")
        if self.rounds is not None and self.rounds.shape != (tasks,):
            raise ValueError(f"rounds has shape {self.rounds.shape}: it must be ({tasks},)")

    @property
    def least(self) -> float:
        """Seconds that no placement could beat: the longest chain of what was expected, or, of a task of which nothing was
        said, of what its shards took on average. What repeats counts once per round. O(units + edges)."""
        return self.graph.critical_path_length(self._expected() * self._times)

    @property
    def chain(self) -> float:
        """Seconds of the longest chain as it ran: the response time of a graph that never waited. Of what repeats, the last
        round stands for all. O(units + edges)."""
        longest = np.zeros(len(self.graph.tasks))
        np.maximum.at(longest, self.graph.unit_task[self._ran], self.took[self._ran])
        return self.graph.critical_path_length(longest * self._times)

    def costs(self, cluster: Cluster) -> tuple[float, float]:
        """The price of what ran, and what the expected would cost at the mean price of all nodes.

        Hours x the node's price x the largest share of the node that is asked for; units on nodes that are gone count in
        neither. O(units + classes x nodes).
        """
        paid = usual = 0.0
        expected, times = self._expected(), self._times
        rows = np.flatnonzero(cluster.present)
        prices: dict[RequestClass, FloatArray] = {}
        for unit in np.flatnonzero(self._ran).tolist():
            row, task = cluster.row(self.nodes[unit]), int(self.graph.unit_task[unit])
            if row is None:
                continue
            asked = self.classes[task]
            if asked not in prices:
                prices[asked] = _prices(asked, cluster)
            hours = float(times[task]) / _HOUR
            paid += float(self.took[unit]) * hours * float(prices[asked][row])
            usual += float(expected[task]) * hours * float(prices[asked][rows].mean())
        return paid, usual

    @property
    def _times(self) -> FloatArray:
        ones = np.ones(len(self.graph.tasks))
        return ones if self.rounds is None else np.maximum(self.rounds, ones)

    @property
    def _ran(self) -> BoolArray:
        return np.asarray(~np.isnan(self.took))

    def _expected(self) -> FloatArray:
        tasks, ran = len(self.graph.tasks), self._ran
        units: IntArray = self.graph.unit_task[ran]
        count = np.bincount(units, minlength=tasks)
        mean = np.bincount(units, self.took[ran], minlength=tasks) / np.maximum(count, 1)
        durations = np.array([task.duration for task in self.graph.tasks])
        expected = np.where(self.hints > 0, self.hints, np.where(count > 0, mean, durations))
        # A graph succeeds without what it has skipped.
        return np.where(count > 0, expected, 0.0) if self.succeeded else expected


def _prices(asked: RequestClass, cluster: Cluster) -> FloatArray:
    """Per row, the price of an hour of what one unit takes of the node; at most that of the whole node."""
    demand = cluster.demand(asked)
    there = np.maximum(cluster.allocatable[:, demand.columns], 1)
    return np.asarray(cluster.cost * np.minimum(demand.amounts / there, 1.0).max(axis=1, initial=0.0))
