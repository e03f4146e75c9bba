"""The expected mix: which classes of requests arrive, and how often, in columns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import FloatArray, IntArray
from bayplan.model.gpu import GpuAsk
from bayplan.model.workload import RequestClass
from bayplan.solvers.kernels.packing.states import MIB

CPU, MEMORY = "cpu", "memory"
_LIMIT = 512
_HUGE = 1 << 38


@dataclass(frozen=True, eq=False, slots=True)
class ExpectedMix:
    """Classes, the most frequent first; all columns of shape (classes,). At most 512 classes, the rarest left out."""

    classes: tuple[RequestClass, ...]
    weights: FloatArray
    """Adding up to 1, where there are classes at all."""
    cpu: IntArray
    """Millicores."""
    memory: IntArray
    """MiB, rounded up."""
    count: IntArray
    """GPUs; 0: none."""
    thousandths: IntArray
    """Of each GPU; 0 where none is asked for."""
    asks: tuple[GpuAsk | None, ...]

    @property
    def gpu(self) -> IntArray:
        """Thousandths of GPUs in all."""
        return self.count * self.thousandths

    @property
    def gpu_shares(self) -> FloatArray:
        """Each class's share of all thousandths that are asked for; 0 everywhere if none are."""
        total = float(self.weights @ self.gpu)
        return self.weights * self.gpu / total if total > 0 else np.zeros(len(self.weights))


def expected_mix(weights: Mapping[RequestClass, float]) -> ExpectedMix:
    """The mix of classes that arrive as often as their weights say; empty: nothing is expected.

    Raises `ValueError` for a weight that is not a number above 0.
    """
    for number, (cls, weight) in enumerate(weights.items()):
        if not (math.isfinite(weight) and weight > 0):
            asked = ", ".join(f"{name} {amount}" for name, amount in cls.resources)
            raise ValueError(f"weights[{number}] (for a request of {asked or 'nothing'}) is {weight}: it must be above 0")
    # A stable order: the same mix gives the same model, whatever order its classes came in.
    kept = sorted(weights, key=lambda cls: (-weights[cls], _key(cls)))[:_LIMIT]
    asks = tuple(cls.gpus for cls in kept)
    total = math.fsum(weights[cls] for cls in kept)
    amounts = [dict(cls.resources) for cls in kept]
    return ExpectedMix(
        tuple(kept),
        np.array([weights[cls] / total for cls in kept], np.float64),
        np.array([min(each.get(CPU, 0), _HUGE) for each in amounts], np.int64),
        np.array([min(-(-each.get(MEMORY, 0) >> MIB), _HUGE) for each in amounts], np.int64),
        np.array([ask.count if ask else 0 for ask in asks], np.int64),
        np.array([ask.thousandths if ask else 0 for ask in asks], np.int64),
        asks,
    )


def _key(cls: RequestClass) -> tuple[object, ...]:
    ask = cls.gpus
    return cls.resources, (ask.count, ask.thousandths, ask.models, ask.memory) if ask else ()
