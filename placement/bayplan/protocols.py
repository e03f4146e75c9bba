"""The three small protocols that carry every allocation strategy, and the strategy that joins them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.filters import Selector
from bayplan.labels import IntArray
from bayplan.workload import Request, RequestClass

FloatArray = NDArray[np.float64]


class Order(Protocol):
    """Who goes first."""

    def __call__(self, requests: Sequence[Request], context: Context) -> FloatArray:
        """One key per request, shape (requests,); the lower goes first. Must depend on its arguments only."""
        ...


class Scorer(Protocol):
    """Which node is better."""

    def __call__(self, request_class: RequestClass, cluster: Cluster, rows: IntArray) -> FloatArray:
        """One score per row given, shape (rows,), from 0 (bad) to 1 (good), for a request of the class there.

        The rows have room for it. Scores are kept, and made anew only for rows whose usage changed, and for
        all once a node came, went or changed otherwise: a row's score may depend on its own usage and on what
        is static of the cluster, never on the usage of other rows.
        """
        ...


class Planner(Protocol):
    """How a batch is assigned."""

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: "Strategy", context: Context) -> list[Decision]:
        """One decision per request, in their order; the cluster is left as it was."""
        ...


@dataclass(frozen=True, slots=True)
class WeightedScorer:
    """A scorer, under its name, and how much it counts beside others."""

    name: str
    scorer: Scorer
    weight: float


@dataclass(frozen=True, slots=True)
class Strategy:
    """A compiled policy."""

    order: tuple[Order, ...]
    """The first decides who goes first; each further one decides among those the ones before hold equal."""
    scorers: tuple[WeightedScorer, ...]
    planner: Planner
    node_selector: Selector = ()
    """Labels of the nodes that may be used at all."""
