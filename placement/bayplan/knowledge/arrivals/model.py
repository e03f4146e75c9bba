"""Everything that is derived, once, from a mix and a cluster's GPUs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.arrivals.fragmentation import TypicalRequests, typical_requests
from bayplan.knowledge.arrivals.mix import ExpectedMix, expected_mix
from bayplan.knowledge.arrivals.prices import GPU, room_value, shape_values
from bayplan.knowledge.arrivals.scarcity import scarcity
from bayplan.knowledge.arrivals.shapes import shapes
from bayplan.knowledge.arrivals.stranding import streams
from bayplan.knowledge.arrivals.supply import GpuKind, Supply, supply
from bayplan.model.arrays import BoolArray, IntArray
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.packing.tables import Tables

_THOUSANDTH = GPU // 1000
_STRANDED = 0.3
_UNUSABLE = 0.12
_SCARCE = 0.3


@dataclass(frozen=True, eq=False, slots=True)
class MixModel:
    """What free room is worth by a mix. Immutable; two of them are equal only if they are the same one.

    May be used with a cluster that has changed since, or another: kinds of GPUs that it does not know count as such as
    only serve what names no model.
    """

    mix: ExpectedMix
    kinds: tuple[GpuKind, ...]
    tables: Tables
    """For `bayplan.solvers.kernels.packing`."""
    typical: TypicalRequests
    eligible: BoolArray
    """Shape (classes, kinds + 1): which class can use which kind; the last column is for kinds that are not known."""

    def kind(self, model: str, memory: int) -> int:
        """The number of a kind of GPU in the tables."""
        return self.kinds.index((model, memory)) if (model, memory) in self.kinds else len(self.kinds)


def mix_model(mix: Mapping[RequestClass, float], cluster: Cluster, seed: int) -> MixModel:
    """What free room is worth if classes of requests arrive as often as the mix says; the cluster's usage does not matter.

    Seconds for hundreds of classes. Without GPUs in the mix or the cluster, no room is worth anything. Raises
    `ValueError` for a weight that is not a number above 0.
    """
    return made_of(expected_mix(mix), supply(cluster), seed)


def made_of(expected: ExpectedMix, there: Supply, seed: int) -> MixModel:
    """`mix_model` apart from the cluster, for a caller that cannot have it stand still meanwhile."""
    eligible = there.eligible(expected.asks)
    holds = there.holds(expected, eligible)
    joined = shapes(expected, eligible, holds)
    slots = max((pool.count for pool in there.pools), default=0)
    values = shape_values(joined, np.array([pool.count * pool.nodes for pool in there.pools], np.int64))
    scarce = scarcity(expected.gpu_shares, eligible[:, :-1], there.gpus())
    several, weights = _several(expected, eligible, holds)
    tables = Tables(
        *room_value(joined, values, slots),
        streams(expected, eligible, seed),
        round(_STRANDED * _THOUSANDTH),
        several,
        weights,
        np.round(np.append(scarce, 0.0) * (_SCARCE * _THOUSANDTH)).astype(np.int64),
    )
    return MixModel(expected, there.kinds, tables, typical_requests(expected, eligible), eligible)


def _several(mix: ExpectedMix, eligible: BoolArray, holds: BoolArray) -> tuple[IntArray, IntArray]:
    """The requests for several GPUs that some node can hold, and what a thousandth is worth to them: see `Tables`."""
    numbers = np.flatnonzero((mix.count > 1) & holds.any(axis=1))
    asked = np.stack([mix.cpu[numbers], mix.memory[numbers], mix.count[numbers]], axis=1)
    weights = np.round(mix.gpu_shares[numbers] * (_UNUSABLE * _THOUSANDTH)).astype(np.int64)
    served = eligible[numbers].T
    return asked, np.ascontiguousarray(np.stack([np.where(served, weights, 0), np.where(served, 0, weights)], axis=2))
