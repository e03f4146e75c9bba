"""A cluster seen through a model: what each node's free room is worth, kept up to date row by row."""

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.mix import CPU, MEMORY
from bayplan.knowledge.arrivals.model import MixModel
from bayplan.model.arrays import IntArray
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.packing.rises import Known, nothing_known, potentials_of
from bayplan.solvers.kernels.packing.states import MIB, Asked, NodeColumns


class View:
    """One per cluster, for the model that is in use: with another one it starts again."""

    def __init__(self) -> None:
        self.kinds: IntArray = np.zeros(0, np.int64)
        """Per row, the kind of its GPUs in the model's tables."""
        self.standing: IntArray = np.zeros(0, np.int64)
        """Per row, the potential as it stands."""
        self.known: Known = nothing_known(0)
        """Potentials of states that have come up."""
        self.nodes: NodeColumns
        """The cluster's columns; they show what is used without being made again."""
        self._model: MixModel | None = None
        self._static_version = -1
        self._position = -1

    def refresh(self, cluster: Cluster, model: MixModel) -> None:
        """Bring it up to date. O(changed rows); O(rows) with another model or once a node came, went or was changed."""
        same = model is self._model
        position = cluster.changes.position
        changed = None
        if same and cluster.static_version == self._static_version:
            if position == self._position:
                return
            changed = cluster.changes.since(self._position)
        if changed is None:
            slots = cluster.gpu_free.shape[1]
            if not same or self.known.keys.shape[1] != slots + 3:
                self.known = nothing_known(slots)
            self.nodes, self.kinds = columns(cluster), _kinds(cluster, model)
            self.standing = np.zeros(cluster.rows, np.int64)
        rows = np.arange(cluster.rows) if changed is None else np.array(changed, np.int64)
        self.standing[rows] = potentials_of(rows, self.nodes, self.kinds, model.tables, self.known)
        self._model, self._static_version, self._position = model, cluster.static_version, position


def view(cluster: Cluster, model: MixModel) -> View:
    """The cluster's view, up to date."""
    found = cluster.memo("packing view", View)
    found.refresh(cluster, model)
    return found


def columns(cluster: Cluster) -> NodeColumns:
    """The columns that the kernels read."""
    cpu, memory = cluster.static_memo("packing columns", lambda: _columns(cluster))
    return NodeColumns(cluster.allocatable, cluster.used, cluster.gpu_free, cpu, memory)


def asked(cluster: Cluster, request_class: RequestClass) -> Asked:
    """What a class asks for, as the kernels want it."""
    return cluster.static_memo(("packing asked", request_class), lambda: _asked(request_class))


def _columns(cluster: Cluster) -> tuple[int, int]:
    names = cluster.resources
    cpu, memory = (names.index(name) if name in names else -1 for name in (CPU, MEMORY))
    return cpu, memory


def _asked(request_class: RequestClass) -> Asked:
    amounts, ask = dict(request_class.resources), request_class.gpus
    cpu, memory = amounts.get(CPU, 0), -(-amounts.get(MEMORY, 0) >> MIB)
    return Asked(cpu, memory, ask.count if ask else 0, ask.thousandths if ask else 0)


def _kinds(cluster: Cluster, model: MixModel) -> IntArray:
    both, inverse = np.unique(np.stack([cluster.gpu_model, cluster.gpu_memory], axis=1), axis=0, return_inverse=True)
    numbers = [model.kind(cluster.gpu_models[number], memory) for number, memory in both.tolist()]
    return np.array(numbers, np.int64)[inverse.reshape(-1)]
