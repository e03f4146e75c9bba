"""Best fit in the form in which it was published beside fragmentation gradient descent."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.mix import CPU
from bayplan.knowledge.arrivals.supply import largest
from bayplan.knowledge.arrivals.view import asked, columns
from bayplan.model.arrays import FloatArray
from bayplan.model.gpu import WHOLE
from bayplan.model.workload import Request
from bayplan.solvers.kernels.packing.states import states_after
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import FeasiblePlaces, Scorer


@dataclass(frozen=True, slots=True)
class RoundedBestFit(Scorer):
    """Whole per cent of 1 - (CPU left + GPU left) / 2, each of the most that a node has, truncated. O(places).

    A baseline to compare with (Weng et al., USENIX ATC 2023).
    """

    def __call__(self, request: Request, cluster: Cluster, places: FeasiblePlaces, context: Context) -> FloatArray:
        """One score per place."""
        most_cpu, most_gpus = cluster.static_memo("packing largest", lambda: _largest(cluster))
        after = states_after(places.rows, places.devices, asked(cluster, request.request_class), columns(cluster))
        cpu, gpu = after[:, 0] / most_cpu, after[:, 2:].sum(axis=1) / most_gpus
        return np.asarray(np.clip(np.floor(100.0 * (1.0 - 0.5 * cpu - 0.5 * gpu)) / 100.0, 0.0, 1.0))


def _largest(cluster: Cluster) -> tuple[int, int]:
    rows = np.flatnonzero(cluster.present)
    cpu = int(largest(cluster, CPU, rows).max(initial=1))
    return cpu, WHOLE * max(int(cluster.gpu_count[rows].max(initial=0)), 1)
