"""The three small protocols that carry every allocation strategy, and the strategy that joins them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bayplan.arrays import FloatArray, IntArray
from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.decision import Decision
from bayplan.filters import Selector
from bayplan.load.hot import Hot
from bayplan.workload import Request


class Order(Protocol):
    """Who goes first."""

    def __call__(self, requests: Sequence[Request], context: Context) -> FloatArray:
        """One key per request, shape (requests,); the lower goes first. Must depend on its arguments only."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where a request could go: nodes, and for a fraction of a GPU also the GPU."""

    rows: IntArray
    """Shape (places,): rows of the cluster; a row may appear several times, with different GPUs."""
    devices: IntArray
    """Shape (places,): the GPU that a fraction would come from; -1 where whole GPUs or none are asked for."""


class Scorer(Protocol):
    """Which place is better. Its parameters are its fields.

    It may have four more things. `depends_on(request, context)` answers something hashable: on what its scores
    depend beside the request's class and the row. `per_task = True`: they depend on `request.task`. `uses_load = True`:
    they depend on `context.load`, and `uses_mix = True`: on `context.mix`, as `depends_on` then says too.
    """

    def __call__(self, request: Request, cluster: Cluster, places: Places, context: Context) -> FloatArray:
        """One score per place, shape (places,), from 0 (bad) to 1 (good).

        There is room at all of them. Scores are kept, and made anew only for rows whose usage changed, and for all
        once a node came, went or changed otherwise, or `depends_on` answers something else: a row's score may
        depend on its own usage and on what is static of the cluster, never on the usage of other rows.
        Load is of that kind: a row's score depends on its own usage and on `context.load`, which changes as a whole with
        each reading, so that a scorer of load answers it in `depends_on`.
        """
        ...


class Planner(Protocol):
    """How a batch is assigned. Its parameters are its fields."""

    def __call__(self, requests: Sequence[Request], cluster: Cluster, strategy: "Strategy", context: Context) -> list[Decision]:
        """One decision per request, in their order; the cluster is left as it was."""
        ...


@dataclass(frozen=True, slots=True)
class WeightedScorer:
    """A scorer, under its name, and how much it counts beside others."""

    name: str
    scorer: Scorer
    weight: float


@dataclass(frozen=True)
class Scoring:
    """Scorers that count together. Not slotted: its hash is kept, since it is part of a key for every decision."""

    scorers: tuple[WeightedScorer, ...] = ()
    """None: all places are equally good."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the hash."""
        object.__setattr__(self, "_hash", hash(self.scorers))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Strategy:
    """A compiled policy."""

    order: tuple[Order, ...]
    """The first decides who goes first; each further one decides among those the ones before hold equal."""
    scoring: Scoring
    planner: Planner
    node_selector: Selector = ()
    """Labels of the nodes that may be used at all."""
    hot: Hot = ()
    """From which estimated load on a node gets nothing more; see `strategy.with_hot`."""

    @property
    def uses_plans(self) -> bool:
        """Its order, a scorer or its planner goes by plans of whole graphs: it says so by `uses_plans = True`."""
        parts = (*self.order, *(each.scorer for each in self.scoring.scorers), self.planner)
        return any(getattr(part, "uses_plans", False) for part in parts)

    @property
    def uses_mix(self) -> bool:
        """A scorer goes by what usually arrives: it says so by `uses_mix = True`. For others, nobody need learn that."""
        return any(getattr(each.scorer, "uses_mix", False) for each in self.scoring.scorers)

    @property
    def only_if_plans_matter(self) -> bool:
        """It uses plans no further than a planner that leaves those alone that could gain nothing."""
        others = (*self.order, *(each.scorer for each in self.scoring.scorers))
        return getattr(self.planner, "only_if_they_matter", False) and not any(
            getattr(part, "uses_plans", False) for part in others
        )
