"""How busy each node would be with a request on it: the base of the scorers of load."""

from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.load.estimate import LoadEstimate
from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Per row given and resource that concerns the request."""

    mean: FloatArray
    """Shape (rows, resources): share of the node in use with the request on it; without a measurement, share requested."""
    hidden: FloatArray
    """Same shape: the share that no request explains; 0 of resources without a measurement."""
    deviation: FloatArray
    """Same shape: standard deviation of the measured share; 0 where it is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class _Concerns:
    measured: IntArray
    """Columns of the estimate."""
    asked: FloatArray
    """Shape (resources of the estimate,): amounts."""
    columns: IntArray
    """Columns of the cluster that are asked for and not measured."""
    amounts: IntArray


def shares(asked: RequestClass, cluster: Cluster, rows: IntArray, load: LoadEstimate | None) -> Shares:
    """With a request of the class on each row. Without load: of what is requested. O(rows)."""
    frame = None if load is None else load.frame
    concerns = cluster.static_memo(("load concerns", frame, asked), lambda: _concerns(asked, cluster, load))
    at = (rows[:, None], concerns.columns)
    requested = (cluster.used[at] + concerns.amounts) / np.maximum(cluster.allocatable[at], 1)
    if load is None:
        nothing = np.zeros_like(requested)
        return Shares(requested, nothing, nothing)
    found = (load.of(cluster, rows, concerns.asked), load.hidden(cluster, rows), load.deviation(cluster, rows))
    beside = (requested, np.zeros_like(requested), np.zeros_like(requested))
    return Shares(*(np.hstack((each[:, concerns.measured], other)) for each, other in zip(found, beside, strict=True)))


def _concerns(asked: RequestClass, cluster: Cluster, load: LoadEstimate | None) -> _Concerns:
    demand = cluster.demand(asked)
    if load is None:
        nothing = np.zeros(0, np.int64)
        return _Concerns(nothing, np.zeros(0), demand.columns, demand.amounts)
    wanted = {name for name, amount in asked.resources if amount > 0}
    offered = set(cluster.resources)
    measured = [number for number, name in enumerate(load.resources) if _concerned(name, wanted, offered)]
    others = ~np.isin(demand.columns, load.columns(cluster))
    amounts = load.amounts(cluster, demand.columns, demand.amounts)
    return _Concerns(np.array(measured, np.int64), amounts, demand.columns[others], demand.amounts[others])


def _concerned(name: str, wanted: set[str], offered: set[str]) -> bool:
    """What nodes offer, and a detail of it (`nvidia.com/gpu.memory`), concerns requests for it; any other pressure, all."""
    if name in offered:
        return name in wanted
    whole, dot, _ = name.rpartition(".")
    return whole in wanted if dot else True
