"""What GPUs a cluster has, by kind: model and memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.mix import CPU, MEMORY, ExpectedMix
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.gpu import GpuAsk
from bayplan.solvers.kernels.packing.states import MIB

GpuKind = tuple[str, int]
"""Model and bytes of memory of a GPU."""


@dataclass(frozen=True, slots=True)
class Pool:
    """All nodes with equally many GPUs of one kind."""

    kind: int
    count: int
    nodes: int
    cpu: int
    """Millicores of the largest node."""
    memory: int
    """MiB of the largest node."""


@dataclass(frozen=True, slots=True)
class Supply:
    """The kinds of GPUs, and the pools of nodes that have them."""

    kinds: tuple[GpuKind, ...]
    pools: tuple[Pool, ...]

    def eligible(self, asks: Sequence[GpuAsk | None]) -> BoolArray:
        """Shape (classes, kinds + 1): the class can use GPUs of the kind; the last column is for kinds not known here.

        What asks for no GPU can use every kind. This is where whatever else keeps a class from a kind's nodes belongs.
        """
        table = np.zeros((len(asks), len(self.kinds) + 1), bool)
        for row, ask in enumerate(asks):
            for column, (model, memory) in enumerate((*self.kinds, ("", 0))):
                table[row, column] = ask is None or ((not ask.models or model in ask.models) and memory >= ask.memory)
        return table

    def holds(self, mix: ExpectedMix, eligible: BoolArray) -> BoolArray:
        """Shape (classes, pools): an empty node of the pool holds one of the class."""
        table = np.zeros((len(mix.classes), len(self.pools)), bool)
        for column, pool in enumerate(self.pools):
            fits = (mix.count <= pool.count) & (mix.cpu <= pool.cpu) & (mix.memory <= pool.memory)
            table[:, column] = fits & eligible[:, pool.kind]
        return table

    def gpus(self) -> IntArray:
        """Shape (kinds,): how many GPUs there are of each."""
        return np.bincount(
            [pool.kind for pool in self.pools], [pool.count * pool.nodes for pool in self.pools], len(self.kinds)
        ).astype(np.int64)


def supply(cluster: Cluster) -> Supply:
    """The GPUs of a cluster as it stands; whether they are free does not matter. O(nodes)."""
    rows = np.flatnonzero(cluster.present & (cluster.gpu_count > 0))
    models, memory, count = cluster.gpu_model[rows], cluster.gpu_memory[rows], cluster.gpu_count[rows]
    room = [np.maximum(largest(cluster, name, rows) >> bits, 0) for name, bits in ((CPU, 0), (MEMORY, MIB))]
    groups, inverse = np.unique(np.stack([models, memory, count], axis=1), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    kinds = tuple(dict.fromkeys((cluster.gpu_models[model], size) for model, size, _ in groups.tolist()))
    pools = []
    for number, (model, size, gpus) in enumerate(groups.tolist()):
        inside = inverse == number
        cpu, mib = (int(each[inside].max()) for each in room)
        pools.append(Pool(kinds.index((cluster.gpu_models[model], size)), gpus, int(inside.sum()), cpu, mib))
    return Supply(kinds, tuple(pools))


def largest(cluster: Cluster, resource: str, rows: IntArray) -> IntArray:
    """Shape (rows,): what can be allocated of a resource; without limit if no node has ever named it."""
    names = cluster.resources
    if resource not in names:
        return np.full(len(rows), 1 << 58, np.int64)
    return np.asarray(cluster.allocatable[rows, names.index(resource)])
