"""What a class of requests asks for, in the columns of a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayplan.model.arrays import IntArray
from bayplan.model.gpu import GpuAsk
from bayplan.model.resources import LARGEST
from bayplan.model.workload import RequestClass


@dataclass(frozen=True, slots=True)
class Demand:
    """What a class asks for, in columns; what it asks nothing of is left out, as Kubernetes does."""

    columns: IntArray
    amounts: IntArray
    impossible: bool = False
    """Something is asked for that no node has ever had, so that there is no column for it."""
    gpus: GpuAsk | None = None
    pairs: tuple[tuple[int, int], ...] = ()
    """Column and amount, once more."""


def in_columns(request_class: RequestClass, columns: Mapping[str, int]) -> Demand:
    """What a class asks for. `columns`: of each resource, the number of its column."""
    # What exceeds the largest amount that is counted stays larger than any node.
    asked = [(name, min(amount, LARGEST + 1)) for name, amount in request_class.resources if amount > 0]
    known = [(columns[name], amount) for name, amount in asked if name in columns]
    return Demand(
        np.array([column for column, _ in known], np.int64),
        np.array([amount for _, amount in known], np.int64),
        len(known) < len(asked),
        request_class.gpus,
        tuple(known),
    )
