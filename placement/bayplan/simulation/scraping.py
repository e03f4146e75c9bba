"""What would be measured on the virtual nodes, and what decisions would know of it."""

from collections.abc import Callable, Iterable

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load import LoadEstimate, LoadTracker, Reading
from bayplan.model.arrays import FloatArray
from bayplan.model.resources import PODS
from bayplan.model.workload import RequestClass
from bayplan.simulation.events import Agenda, Event
from bayplan.simulation.hidden import Hidden
from bayplan.simulation.load import Scrapes
from bayplan.simulation.log import AttemptLog


class Scraping:
    """A scrape shows hidden load and what tasks use that run, which rises from their start; of a silent node, nothing.

    The tracker that makes an estimate of it is the operator's own.
    """

    def __init__(
        self, hidden: Hidden, scrapes: Scrapes, names: list[str], untouched: Cluster, log: AttemptLog, agenda: Agenda
    ) -> None:
        self._hidden, self._scrapes, self._log, self._agenda = hidden, scrapes, log, agenda
        self._names, self._rows = tuple(names), np.array([untouched.row(name) for name in names], np.int64)
        offered = [name for name in untouched.resources if name != PODS]
        self._unmeasured = np.array([name in scrapes.unmeasured for name in names], bool)
        self._resources = (*offered, *(name for name in hidden.resources if name not in offered))
        self._column = {name: column for column, name in enumerate(self._resources)}
        columns = [untouched.resources.index(name) for name in offered]
        self._capacity = np.maximum(untouched.allocatable[self._rows][:, columns], 1).astype(np.float64)
        self._others = untouched.used[self._rows][:, columns] / self._capacity
        """Shape (nodes, resources of the cluster): what other pods use for as long as the simulation lasts."""
        self._placed: dict[int, tuple[int, RequestClass]] = {}
        """Per attempt that has room, its node and class."""
        self._readings: dict[int, Reading] = {}
        self._scraped = 0
        self._tracker = LoadTracker(scrapes.model)
        self.coming = 0
        """Events of its own in the agenda."""

    def begin(self, cluster: Cluster) -> None:
        """The first scrape is known at once, as to an operator that has been there for long."""
        self._tracker.follow(cluster, 0.0)
        self._tracker.take(self._measured(0.0, lambda node: False), cluster, 0.0)
        self._add(self._scrapes.interval, Event.SCRAPE, 0)

    def placed(self, row: int, node: int, asked: RequestClass) -> None:
        """An attempt has room on a node."""
        self._placed[row] = (node, asked)

    def gone(self, row: int) -> None:
        """It has not any more."""
        self._placed.pop(row, None)

    def scrape(self, now: float, silent: Callable[[str], bool]) -> None:
        """Measure; the next scrape is due an interval later."""
        self.coming -= 1
        self._scraped += 1
        self._readings[self._scraped] = self._measured(now, silent)
        self._add(now + self._scrapes.delay, Event.READING, self._scraped)
        self._add(now + self._scrapes.interval, Event.SCRAPE, 0)

    def arrive(self, number: int, cluster: Cluster, now: float) -> None:
        """A scrape is known from now on."""
        self.coming -= 1
        self._tracker.take(self._readings.pop(number), cluster, now)

    def follow(self, cluster: Cluster, now: float) -> None:
        """What is placed has changed, perhaps."""
        self._tracker.follow(cluster, now)

    def estimate(self, cluster: Cluster, now: float) -> LoadEstimate | None:
        """What decisions may know."""
        return self._tracker.estimate(cluster, now)

    def at_best(self, cluster: Cluster, now: float) -> LoadEstimate | None:
        """What they would know if from now on nothing of ours ran and hidden load were as low as it will ever be."""
        values = self._table(self._hidden.least(now))
        values[self._unmeasured] = np.nan
        tracker = LoadTracker(self._scrapes.model)
        tracker.follow(cluster, now)
        tracker.take(Reading(self._names, self._resources, np.minimum(values, 1.0), now), cluster, now)
        return tracker.estimate(cluster, now)

    def _add(self, at: float, kind: Event, number: int) -> None:
        self.coming += 1
        self._agenda.add(at, kind, number)

    def _measured(self, now: float, silent: Callable[[str], bool]) -> Reading:
        values = self._table(self._hidden.shares(now))
        self._add_running(values, now)
        values = np.minimum(values, 1.0)
        values[self._unmeasured | np.array([silent(name) for name in self._names], bool)] = np.nan
        return Reading(self._names, self._resources, values, now)

    def _table(self, hidden: Iterable[tuple[int, str, float]]) -> FloatArray:
        values = np.zeros((len(self._names), len(self._resources)))
        values[:, : self._others.shape[1]] = self._others
        for node, resource, share in hidden:
            values[node, self._column[resource]] += share
        return values

    def _add_running(self, values: FloatArray, now: float) -> None:
        by_class: dict[RequestClass, tuple[list[int], list[float]]] = {}
        for row, (node, asked) in self._placed.items():
            started = self._log.started[row]
            if started == started:
                nodes, starts = by_class.setdefault(asked, ([], []))
                nodes.append(node)
                starts.append(started)
        for asked, (nodes, starts) in by_class.items():
            shown = -np.expm1(-self._scrapes.rise * (now - np.array(starts)))
            for resource, amount in asked.resources:
                column = self._column.get(resource)
                if column is not None and amount:
                    np.add.at(values[:, column], nodes, shown * amount / self._capacity[nodes, column])
