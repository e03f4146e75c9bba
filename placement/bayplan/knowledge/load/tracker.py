"""Readings and recent placements, joined into an estimate."""

from dataclasses import replace

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load.checking import Fault, Intake, checked
from bayplan.knowledge.load.estimate import Frame, LoadEstimate
from bayplan.knowledge.load.model import LoadModel
from bayplan.knowledge.load.parts import others_part, own_part
from bayplan.knowledge.load.reading import Reading
from bayplan.knowledge.load.recent import RecentUsage
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.resources import Resources


class LoadTracker:
    """Belongs to one cluster. Tell it of every change there (`follow`) and of every reading (`take`), and ask for the estimate.

    Of each node and resource the newest figure is kept with its instant, so that a reading with gaps leaves the older
    figure to age where it has none.
    """

    def __init__(self, model: LoadModel | None = None) -> None:
        self.model = LoadModel() if model is None else model
        self._recent = RecentUsage(self.model)
        self._frame = Frame((), ())
        self._static = -1
        self._measured: FloatArray = np.zeros((0, 0))
        self._variance: FloatArray = np.zeros((0, 0))
        self._shown: FloatArray = np.zeros((0, 0))
        self._taken: FloatArray = np.zeros((0, 0))
        """Shape (rows + 1, resources), like the three above: when each figure was measured; -inf: never."""
        self._showing: FloatArray = np.zeros((0, 0))
        """Same shape: what would have shown in the newest reading, of nodes too that it says nothing of."""
        self._newest = -np.inf
        self._estimate: LoadEstimate | None = None
        self._changed = False

    def follow(self, cluster: Cluster, now: float) -> None:
        """What is requested has changed now, if it has. O(changed rows). Never within a trial."""
        self._recent.follow(cluster, now)

    def remember(self, cluster: Cluster, node: str, resources: Resources, at: float) -> None:
        """Something that the cluster counts already was placed as late as this: for pods that run when the operator starts."""
        self._recent.remember(cluster, node, resources, at)

    def take(self, reading: Reading, cluster: Cluster, now: float) -> Intake:
        """A reading has come; answers what of it is used. O(nodes x resources + recent changes)."""
        self.follow(cluster, now)
        fault = self._unusable(reading.at, now)
        if fault is not None:
            return fault
        self._fit(cluster, reading.resources)
        rows, values, variance, intake = checked(reading, cluster.row, len(cluster))
        at = min(reading.at, now)
        if at < reading.at:
            words = f"the reading is from {reading.at - now:.3g} s in the future: it counts as measured now"
            intake = replace(intake, faults={**intake.faults, Fault.FROM_THE_FUTURE: 1}, words=(*intake.words, words))
        self._put(cluster, rows, (reading.resources, values, variance), at)
        return intake

    def estimate(self, cluster: Cluster, now: float) -> LoadEstimate | None:
        """The estimate as of now; the same object as long as it says the same. None: there is no reading that counts."""
        self._fit(cluster, self._frame.resources)
        weight = self.model.weight(now - self._taken)
        if not weight.any():
            self._estimate = None
        elif self._changed or self._estimate is None or not np.array_equal(weight, self._estimate.weight):
            self._estimate = self._made(cluster, weight)
        self._changed = False
        return self._estimate

    def _made(self, cluster: Cluster, weight: FloatArray) -> LoadEstimate:
        capacity = np.ones_like(weight)
        columns = self._columns(cluster)
        known = np.flatnonzero(columns >= 0)
        capacity[:-1, known] = np.maximum(cluster.allocatable[:, columns[known]], 1)
        kind = np.append(cluster.node_class, len(cluster.node_classes))  # every other node is of a kind of its own
        measured = self._measured.copy()
        own = own_part(measured, self._variance, self._shown / capacity)
        others = others_part(own, weight, kind, self._showing / capacity)
        return LoadEstimate(self._frame, measured, weight, own, others, self._newest)

    def _columns(self, cluster: Cluster) -> IntArray:
        """Per resource its column in the cluster, -1 where it has none."""
        columns = {name: column for column, name in enumerate(cluster.resources)}
        return np.array([columns.get(name, -1) for name in self._frame.resources], np.int64)

    def _unusable(self, at: float, now: float) -> Intake | None:
        if not np.isfinite(at):
            words = f"the reading's instant is {at}: it must be seconds since the epoch"
            return Intake(faults={Fault.NO_TIME: 1}, words=(words,))
        if now - at >= self.model.stale:
            words = f"the reading is {now - at:.0f} s old: it must be younger than {self.model.stale:g} s"
            return Intake(faults={Fault.STALE: 1}, words=(words,))
        if at < self._newest:
            words = f"the reading is {self._newest - at:.3g} s older than the one before: it must be newer"
            return Intake(faults={Fault.OUT_OF_ORDER: 1}, words=(words,))
        return None

    def _put(self, cluster: Cluster, rows: np.ndarray, told: tuple[tuple[str, ...], FloatArray, FloatArray], at: float) -> None:
        resources, values, variance = told
        self._recent.settle(at)
        shown = np.maximum(cluster.used - self._recent.unseen(at), 0.0)
        columns = self._columns(cluster)
        known = np.flatnonzero(columns >= 0)
        self._showing[:-1, known] = shown[:, columns[known]]
        for number, name in enumerate(resources):
            there = np.isfinite(values[:, number])
            column, of_rows = self._frame.resources.index(name), rows[there]
            self._measured[of_rows, column] = values[there, number]
            self._variance[of_rows, column] = variance[there, number]
            self._taken[of_rows, column] = at
            self._shown[of_rows, column] = self._showing[of_rows, column]
        self._newest, self._changed = at, True

    def _fit(self, cluster: Cluster, resources: tuple[str, ...]) -> None:
        """Rows as in the cluster, and columns for these resources too; of a row that is another node now, nothing is known."""
        known = self._frame.resources
        if cluster.static_version == self._static and set(resources) <= set(known):
            return
        everything = known + tuple(name for name in resources if name not in known)
        before, shape = self._frame.nodes, (cluster.rows + 1, len(everything))
        same = [row for row, name in enumerate(before[: cluster.rows]) if cluster.names[row] == name]
        for field, nothing in (("_measured", 0.0), ("_variance", 0.0), ("_shown", 0.0), ("_showing", 0.0), ("_taken", -np.inf)):
            table = np.full(shape, nothing)
            table[same, : len(known)] = getattr(self, field)[same]
            setattr(self, field, table)
        if before != tuple(cluster.names) or known != everything:
            self._frame = Frame(tuple(cluster.names), everything)
        self._static, self._changed = cluster.static_version, True  # capacities and classes may be others
