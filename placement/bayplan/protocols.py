"""The three small protocols that carry every allocation strategy."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayplan.cluster import Cluster, IntArray
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.workload import Request, RequestClass

FloatArray = NDArray[np.float64]


class Order(Protocol):
    """Who goes first."""

    def __call__(self, requests: Sequence[Request], context: Context) -> FloatArray:
        """One key per request, shape (requests,); the lower goes first. Must depend on its arguments only."""
        ...


class Scorer(Protocol):
    """Which node is better."""

    def __call__(self, request_class: RequestClass, cluster: Cluster, rows: IntArray, context: Context) -> FloatArray:
        """One score per row given, shape (rows,), from 0 (bad) to 1 (good), for placing one request of the class there.

        The rows have room for it. A row's score may depend on that row and static properties of the cluster only, never on
        the usage of other rows: scores are kept, and made anew only for rows that changed.
        """
        ...


class Planner(Protocol):
    """How a batch is assigned."""

    def __call__(self, requests: Sequence[Request], cluster: Cluster, context: Context) -> list[Decision]:
        """One decision per request, in their order; the cluster is left as it was."""
        ...
